"""Secrets that are made once and then stay in a file only their owner can read."""

import os
import secrets
from pathlib import Path


def read_or_create(path: Path) -> str:
    """A secret of 192 random bits, URL-safe. Whole or absent after a crash, never half."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text().strip()


def write_private(path: Path, content: str) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
