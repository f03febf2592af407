"""The documentation is whole, stays up while services are away, and loads nothing from elsewhere."""

import re
from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
import pytest
from gateway_stack import Stack, StartStack
from recording_services import answer_bytes, json_answer

from gateway.documentation import product_documents
from shared.errors import NotFound
from shared.events.registry import default_registry
from shared.events.webhooks import webhook_catalogue
from shared.http.answers import Created
from shared.http.openapi import openapi_document
from shared.http.routes import Routes

UNAVAILABLE = answer_bytes(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")


class Ship(msgspec.Struct):
    id: str
    version: int


class ShipNotFound(NotFound):
    code = "SHIP_NOT_FOUND"
    message = "There is no <such> ship."


def ship_document() -> dict[str, Any]:
    routes = Routes("ships", resource="projects")

    @routes.get("/api/v1/projects/{ship}", summary="Read a ship", errors=[ShipNotFound])
    async def read(ship: str) -> Ship:
        raise ShipNotFound

    @routes.post("/api/v1/projects", summary="Build a ship", location="/api/v1/projects/{ship}")
    async def build() -> Created[Ship]:
        raise ShipNotFound

    @routes.get("/internal/ships", summary="Not for strangers")
    async def inside() -> Ship:
        raise ShipNotFound

    return openapi_document("project", [routes])


def describe(stack: Stack) -> None:
    nothing = answer_bytes(json_answer(b"{}"))
    stack.auth.elsewhere = stack.conversation.answer = stack.realtime.answer = nothing
    stack.project.answer = answer_bytes(json_answer(msgspec.json.encode(ship_document())))


async def get(stack: Stack, path: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    url = f"http://127.0.0.1:{stack.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, response.headers, await response.read()


async def openapi(stack: Stack) -> dict[str, Any]:
    status, _, body = await get(stack, "/openapi.json")
    assert status == 200
    return msgspec.json.decode(body, type=dict[str, Any])


async def test_operations_of_services_and_of_the_gateway_stand_in_one_document(stack: Stack) -> None:
    describe(stack)
    document = await openapi(stack)
    assert {"/api/v1/projects/{ship}", "/health", "/docs", "/openapi.json"} <= document["paths"].keys()
    assert "/internal/ships" not in document["paths"]
    assert "x-incomplete" not in document
    assert document["servers"] == [{"url": "/"}]


async def test_headers_of_a_resource_are_described(stack: Stack) -> None:
    describe(stack)
    document = await openapi(stack)
    paths, failures = document["paths"], document["components"]["responses"]
    read, build = paths["/api/v1/projects/{ship}"]["get"], paths["/api/v1/projects"]["post"]
    assert {"$ref": "#/components/parameters/If-None-Match"} in read["parameters"]
    assert {"ETag", "RateLimit", "RateLimit-Policy", "X-Request-Id"} <= read["responses"]["200"]["headers"].keys()
    assert "304" in read["responses"]
    assert {"$ref": "#/components/parameters/Idempotency-Key"} in build["parameters"]
    assert {"Location", "Idempotent-Replayed"} <= build["responses"]["201"]["headers"].keys()
    limited = build["responses"]["429"]["$ref"].rpartition("/")[2]
    assert "Retry-After" in failures[limited]["headers"]


async def test_what_can_be_delivered_to_webhooks_is_described_and_nothing_else(stack: Stack) -> None:
    webhooks = (await openapi(stack))["webhooks"]
    assert webhook_catalogue(default_registry()).keys() <= webhooks.keys()
    assert not {"session.revoked", "setting.changed", "message.added"} & webhooks.keys()
    body = webhooks["task.updated"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"].keys() == {"type", "timestamp", "data"}


async def test_a_service_that_was_never_heard_is_named(stack: Stack) -> None:
    describe(stack)
    stack.conversation.answer = UNAVAILABLE
    document = await openapi(stack)
    assert document["x-incomplete"] == ["conversation"]
    assert "/api/v1/projects/{ship}" in document["paths"]


async def test_without_any_service_the_gateway_describes_itself(stack: Stack) -> None:
    stack.auth.elsewhere = UNAVAILABLE
    for service in stack.services[1:]:
        service.answer = UNAVAILABLE
    document = await openapi(stack)
    assert document["x-incomplete"] == ["auth", "project", "conversation", "realtime"]
    assert "/health" in document["paths"]
    for kind, name in set(re.findall(r'"#/components/(\w+)/([^"]+)"', msgspec.json.encode(document).decode())):
        assert name in document["components"][kind]


async def test_answers_that_are_no_documents_count_as_none(stack: Stack) -> None:
    stack.project.answer = answer_bytes(json_answer(b"[1]"))
    stack.realtime.answer = answer_bytes(json_answer(b"<html>"))
    assert {"project", "realtime"} <= set((await openapi(stack))["x-incomplete"])


async def test_what_a_service_said_is_kept_while_it_is_away(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_documents, "_HOLD_SECONDS", 0.0)
    monkeypatch.setattr(product_documents, "_INCOMPLETE_HOLD_SECONDS", 0.0)
    describe(stack)
    before = await openapi(stack)
    stack.project.answer = UNAVAILABLE
    assert await openapi(stack) == before


async def test_many_readers_cost_a_service_one_question(stack: Stack) -> None:
    describe(stack)
    for path in ("/openapi.json", "/docs/errors", "/docs/errors.json", "/openapi.json"):
        await get(stack, path)
    assert len(stack.project.requests) == 1


@pytest.mark.parametrize("path", ["/openapi.json", "/asyncapi.json", "/docs", "/docs/errors", "/docs/errors.json"])
async def test_a_second_look_costs_no_bytes(stack: Stack, path: str) -> None:
    describe(stack)
    _, headers, _ = await get(stack, path)
    status, again, body = await get(stack, path, **{"If-None-Match": headers["ETag"]})
    assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])


async def test_pages_load_only_what_the_gateway_serves_and_run_nothing_inline(stack: Stack) -> None:
    for path in ("/docs", "/docs/errors"):
        _, headers, body = await get(stack, path)
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert headers.getall("X-Content-Type-Options") == ["nosniff"]
        page = body.decode()
        assert '<html lang="en">' in page
        assert not re.search(r"<script>|<style|style=| on\w+=|https?://", page)
        for address in re.findall(r'(?:src|href)="(/docs/assets/[^"]+)"', page):
            status, loaded, _ = await get(stack, address)
            assert (status, loaded["Cache-Control"]) == (200, "public, max-age=31536000, immutable")


@pytest.mark.parametrize("path", ["/docs/assets/0/explorer.js", "/docs/nothing", "/docs/assets/..%2f..%2fapp.py"])
async def test_other_addresses_below_the_pages_do_not_exist(stack: Stack, path: str) -> None:
    status, _, _ = await get(stack, path)
    assert status in (400, 404)


async def test_the_page_of_errors_shows_every_code_as_text(stack: Stack) -> None:
    describe(stack)
    _, _, body = await get(stack, "/docs/errors")
    _, _, listed = await get(stack, "/docs/errors.json")
    codes = [item["code"] for item in msgspec.json.decode(listed)["items"]]
    assert {"SHIP_NOT_FOUND", "AUTH_AMBIGUOUS", "RATE_LIMIT_EXCEEDED"} <= set(codes)
    assert all(f'<tr id="{code}">' in body.decode() for code in codes)
    assert "There is no &lt;such&gt; ship." in body.decode()


async def test_https_is_demanded_only_where_people_use_it(start_stack: StartStack) -> None:
    plain, safe = await start_stack(), await start_stack(public_url="https://tessera.example")
    for path in ("/docs", "/api/v1/projects", "/nowhere"):
        assert "Strict-Transport-Security" not in (await get(plain, path))[1]
        assert (await get(safe, path))[1]["Strict-Transport-Security"] == "max-age=31536000"
    assert (await openapi(safe))["servers"] == [{"url": "https://tessera.example"}]
