"""The addresses of the documentation."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

from sanic.response import HTTPResponse

from gateway.documentation.pages import assets, explorer_page
from gateway.documentation.product_documents import Documents, ProductDocuments, event_document
from shared.errors import RouteNotFound
from shared.http.app import App, Request
from shared.http.documentation import Document, show_document

Show = Callable[..., Coroutine[Any, Any, HTTPResponse]]


def setup_documentation(app: App, documents: ProductDocuments) -> None:
    _add(app, "/docs", _made_once(explorer_page))
    _add(app, "/asyncapi.json", _made_once(event_document))
    _add(app, "/openapi.json", _picked(documents, lambda made: made.openapi))
    _add(app, "/docs/errors", _picked(documents, lambda made: made.error_page))
    _add(app, "/docs/errors.json", _picked(documents, lambda made: made.error_codes))
    _add(app, "/docs/assets/<checksum:str>/<name:str>", _show_asset)


def _add(app: App, path: str, show: Show) -> None:
    name = "".join(letter for letter in path.partition("<")[0] if letter.isalpha())
    app.add_route(show, path, methods=["GET", "HEAD"], name=name)


def _made_once(make: Callable[[], Document]) -> Show:
    make_once = cache(make)

    async def show(request: Request) -> HTTPResponse:
        return show_document(request, await asyncio.to_thread(make_once))

    return show


def _picked(documents: ProductDocuments, pick: Callable[[Documents], Document]) -> Show:
    async def show(request: Request) -> HTTPResponse:
        return show_document(request, pick(await documents.read()))

    return show


async def _show_asset(request: Request, **_path: str) -> HTTPResponse:
    found = (await asyncio.to_thread(assets)).get(request.path)
    if found is None:
        raise RouteNotFound
    return show_document(request, found)
