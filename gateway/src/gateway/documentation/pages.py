"""The frame of all documentation pages, and what they load: from here, never from another site."""

from functools import cache
from hashlib import sha256
from html import escape
from importlib.metadata import distribution
from pathlib import Path

from shared.http.documentation import Document, document

_STATIC = Path(__file__).with_name("static")
_UI_FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_OWN_FILES = {"pages.css": "text/css; charset=utf-8", "explorer.js": "text/javascript; charset=utf-8"}
_HTML = "text/html; charset=utf-8"
_FOR_EVER = "public, max-age=31536000, immutable"  # the address has the content's checksum in it
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def assets() -> dict[str, Document]:
    """By address. The files of Swagger UI come with a Python package; nothing of that package is imported."""
    shipped = Path(str(distribution("swagger-ui-py").locate_file("swagger_ui/static")))
    found = [(name, (shipped / name).read_bytes(), kind) for name, kind in _UI_FILES.items()]
    found += [(name, (_STATIC / name).read_bytes(), kind) for name, kind in _OWN_FILES.items()]
    return {
        f"/docs/assets/{sha256(body).hexdigest()[:12]}/{name}": document(body, kind, caching=_FOR_EVER)
        for name, body, kind in found
    }


def explorer_page() -> Document:
    """All operations, with forms to try them."""
    return page(
        "API",
        f"""<noscript><p>This page needs JavaScript; <a href="/openapi.json">the document</a> does not.</p></noscript>
<div id="explorer"></div>
<script src="{_address("swagger-ui-bundle.js")}"></script>
<script src="{_address("explorer.js")}"></script>""",
        styles=("swagger-ui.css", "pages.css"),
    )


def page(title: str, content: str, *, styles: tuple[str, ...] = ("pages.css",)) -> Document:
    """`content` is HTML."""
    links = "\n".join(f'<link rel="stylesheet" href="{_address(name)}">' for name in styles)
    html = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)} - Tessera</title>
<link rel="icon" type="image/png" href="{_address("favicon-32x32.png")}">
{links}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<p class="product">Tessera</p>
<nav aria-label="Documentation">
<a href="/docs">API</a>
<a href="/docs/errors">Error codes</a>
<a href="/openapi.json">OpenAPI</a>
<a href="/asyncapi.json">AsyncAPI (events)</a>
</nav>
</header>
<main id="content" tabindex="-1">
<h1>{escape(title)}</h1>
{content}
</main>
</body>
</html>
"""
    return document(html.encode(), _HTML, Content_Security_Policy=_POLICY)


def _address(name: str) -> str:
    return next(address for address in assets() if address.endswith(f"/{name}"))
