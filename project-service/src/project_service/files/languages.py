"""What a path's ending says about a file: the language an editor shows, and the media type of a download."""

from pathlib import PurePosixPath

_BY_SUFFIX = {
    ".bash": "shell", ".c": "c", ".cc": "cpp", ".cpp": "cpp", ".cs": "csharp", ".css": "css", ".csv": "csv",
    ".dart": "dart", ".ex": "elixir", ".go": "go", ".graphql": "graphql", ".h": "c", ".hpp": "cpp", ".htm": "html",
    ".html": "html", ".ini": "ini", ".java": "java", ".js": "javascript", ".json": "json", ".jsx": "javascript",
    ".kt": "kotlin", ".less": "less", ".lua": "lua", ".md": "markdown", ".mjs": "javascript", ".php": "php",
    ".pl": "perl", ".proto": "proto", ".ps1": "powershell", ".py": "python", ".r": "r", ".rb": "ruby", ".rs": "rust",
    ".sass": "sass", ".scala": "scala", ".scss": "scss", ".sh": "shell", ".sql": "sql", ".svelte": "svelte",
    ".svg": "xml", ".swift": "swift", ".tf": "terraform", ".toml": "toml", ".ts": "typescript",
    ".tsx": "typescript", ".txt": "plaintext", ".vue": "vue", ".xml": "xml", ".yaml": "yaml", ".yml": "yaml",
}  # fmt: skip
_BY_NAME = {"dockerfile": "dockerfile", "makefile": "makefile", ".gitignore": "ignore", ".env": "ini"}
_MEDIA_TYPES = {
    ".css": "text/css", ".csv": "text/csv", ".gif": "image/gif", ".htm": "text/html", ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon", ".jpeg": "image/jpeg", ".jpg": "image/jpeg", ".js": "text/javascript",
    ".json": "application/json", ".md": "text/markdown", ".mjs": "text/javascript", ".mp3": "audio/mpeg",
    ".mp4": "video/mp4", ".pdf": "application/pdf", ".png": "image/png", ".svg": "image/svg+xml",
    ".wasm": "application/wasm", ".webp": "image/webp", ".woff2": "font/woff2", ".xml": "application/xml",
    ".zip": "application/zip",
}  # fmt: skip


def language_of(path: str) -> str | None:
    name = PurePosixPath(path.lower())
    return _BY_NAME.get(name.name) or _BY_SUFFIX.get(name.suffix)


def media_type_of(path: str) -> str:
    """Fixed here and not looked up in the machine's tables: the same everywhere."""
    media_type = _MEDIA_TYPES.get(PurePosixPath(path.lower()).suffix)
    if media_type is None:
        return "text/plain; charset=utf-8" if language_of(path) else "application/octet-stream"
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
