"""Serving a document that changes rarely: bytes made once, with a tag, so that a second look costs nothing."""

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sanic.response import HTTPResponse

from shared.http.answers import JSON
from shared.http.app import READING, App, Request
from shared.http.conditions import is_not_modified

ASK_AGAIN = "no-cache"
"""Caches may keep it but must ask whether it is still the one."""


class Document(NamedTuple):
    body: bytes
    etag: str
    content_type: str = JSON
    headers: dict[str, str] = {}


def document(body: bytes, content_type: str = JSON, *, caching: str = ASK_AGAIN, **headers: str) -> Document:
    """`headers` are further ones, with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Document(body, f'"{sha256(body).hexdigest()[:32]}"', content_type, {"Cache-Control": caching, **named})


def json_document(value: Any) -> Document:
    return document(msgspec.json.encode(value))


def show_document(request: Request, shown: Document) -> HTTPResponse:
    answer_headers = {**shown.headers, "ETag": shown.etag}
    if is_not_modified(request.headers.get("if-none-match"), shown.etag):
        return HTTPResponse(status=304, headers=answer_headers)
    return HTTPResponse(shown.body, headers=answer_headers, content_type=shown.content_type)


def serve_openapi(app: App, describe: Callable[[], dict[str, Any]]) -> None:
    """`describe` is called once, when the document is first asked for."""

    @cache
    def described() -> Document:
        return json_document(describe())

    async def show(request: Request) -> HTTPResponse:
        return show_document(request, described())

    app.add_route(show, "/openapi.json", methods=READING, name="openapi")
