"""The documents of the whole product: asked of the services when somebody reads them, kept while a service is away."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec

from gateway.documentation.error_page import error_page
from gateway.documentation.merging import Described, merge
from gateway.documentation.own_operations import own_document
from gateway.documentation.webhook_catalogue import webhook_document
from gateway.route_table import RouteTable, Service
from shared.errors import UpstreamError
from shared.events.registry import default_registry
from shared.http.documentation import Document, json_document
from shared.messaging.asyncapi import asyncapi_document
from shared.release import RELEASE

_ASKED = (Service.AUTH, Service.PROJECT, Service.CONVERSATION, Service.REALTIME)
_HOLD_SECONDS = 30.0
_INCOMPLETE_HOLD_SECONDS = 2.0  # a service that is missing may be starting


class Documents(NamedTuple):
    openapi: Document
    error_codes: Document
    error_page: Document


class ProductDocuments:
    """`ask` brings a service's own document or raises UpstreamError: what is missing is named in `x-incomplete`."""

    def __init__(self, ask: Callable[[Service], Awaitable[bytes]], routes: RouteTable, server: str) -> None:
        self._ask = ask
        self._routes = routes
        self._server = server
        self._asking = asyncio.Lock()
        self._ask_again_at = float("-inf")
        self._known: dict[Service, Described] = {}
        self._made: Documents | None = None

    async def read(self) -> Documents:
        async with self._asking:
            if self._made is None or time.monotonic() >= self._ask_again_at:
                self._made = await self._refreshed()
            return self._made

    async def _refreshed(self) -> Documents:
        answers = await asyncio.gather(*(self._answer(service) for service in _ASKED))
        heard = {service: answer for service, answer in zip(_ASKED, answers, strict=True) if answer is not None}
        is_complete = len(heard) == len(_ASKED)
        self._ask_again_at = time.monotonic() + (_HOLD_SECONDS if is_complete else _INCOMPLETE_HOLD_SECONDS)
        known = {**self._known, **heard}
        if self._made is not None and known == self._known:
            return self._made
        self._known = known
        return await asyncio.to_thread(self._make, known)

    async def _answer(self, service: Service) -> Described | None:
        try:
            return await asyncio.to_thread(_read, await self._ask(service))
        except (UpstreamError, msgspec.DecodeError):
            return None

    def _make(self, known: dict[Service, Described]) -> Documents:
        merged = merge({**known, Service.GATEWAY: own_part()}, self._routes, server=self._server)
        if missing := [service for service in _ASKED if service not in known]:
            merged["x-incomplete"] = missing
        codes = merged["x-error-codes"]
        return Documents(json_document(merged), json_document({"items": codes}), error_page(codes))


_read = msgspec.json.Decoder(dict[str, Any]).decode


def event_document() -> Document:
    return json_document(asyncapi_document(default_registry(), RELEASE))


def own_part() -> dict[str, Any]:
    """What the gateway adds to the services' documents: its own addresses, and the webhooks."""
    own, webhooks = own_document(), webhook_document(default_registry())
    own["components"]["schemas"] |= webhooks["components"]["schemas"]
    return {**own, "tags": own["tags"] + webhooks["tags"], "webhooks": webhooks["webhooks"]}
