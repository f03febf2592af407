"""What the gateway answers itself: health, metrics, and browsers that ask first."""

from collections.abc import Mapping

import aiohttp
import msgspec
import pytest
from gateway_stack import Stack, StartStack
from recording_services import answer_bytes, json_answer

APP = "https://app.example"


async def get(stack: Stack, path: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    url = f"http://127.0.0.1:{stack.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        return response.status, response.headers, await response.read()


def all_ready(stack: Stack) -> None:
    ready = answer_bytes(json_answer(b'{"status":"healthy","db":"connected"}'))
    stack.auth.elsewhere = ready
    for service in stack.services[1:]:
        service.answer = ready


@pytest.mark.parametrize("path", ["/health", "/api/v1/health"])
async def test_a_whole_product_is_healthy(stack: Stack, path: str) -> None:
    all_ready(stack)
    status, headers, body = await get(stack, path)
    assert status == 200
    assert msgspec.json.decode(body) == {
        "status": "healthy",
        "db": "connected",
        "broker": "connected",
        "cache": "local",
    }
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Request-Id"]


async def test_one_service_away_degrades_the_whole_and_probes_share_one_question(stack: Stack) -> None:
    all_ready(stack)
    stack.realtime.answer = answer_bytes(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")
    for _ in range(5):
        status, _, body = await get(stack, "/health")
        assert (status, msgspec.json.decode(body)["status"]) == (503, "degraded")
    assert len(stack.realtime.requests) == 1


async def test_a_broker_that_is_away_shows(stack: Stack) -> None:
    all_ready(stack)
    stack.broker.interrupt()
    status, _, body = await get(stack, "/health")
    assert (status, msgspec.json.decode(body)["broker"]) == (503, "unreachable")


@pytest.mark.parametrize("path", ["/ready", "/api/v1/ready", "/health/live", "/health/ready", "/health/startup"])
async def test_probes_answer(stack: Stack, path: str) -> None:
    assert (await get(stack, path))[0] == 200


async def test_a_gateway_that_cannot_judge_sessions_is_not_ready(start_stack: StartStack) -> None:
    stack = await start_stack(snapshot_status=500)
    assert (await get(stack, "/ready"))[0] == 503


async def test_metrics_count_requests_by_row_and_are_for_operators(stack: Stack) -> None:
    await get(stack, "/api/v1/projects/1", **stack.bearer())
    status, _, body = await get(stack, "/metrics")
    assert status == 200
    assert b'route="/api/v1/projects",service' in body or b'route="/api/v1/projects"' in body
    assert (await get(stack, "/metrics", **{"X-Forwarded-For": "1.1.1.1"}))[0] == 403


async def test_an_allowed_web_app_may_read_every_answer(start_stack: StartStack) -> None:
    stack = await start_stack(cors_origins=f"{APP}, https://other.example")
    for path in ("/api/v1/projects", "/nowhere", "/health/live"):
        _, headers, _ = await get(stack, path, Origin=APP)
        assert headers["access-control-allow-origin"] == APP
        assert headers["access-control-allow-credentials"] == "true"
        exposed = set(headers["access-control-expose-headers"].split(", "))
        assert {"X-Request-Id", "ETag", "Location", "Retry-After", "RateLimit", "Server-Timing"} <= exposed
        assert headers["vary"] == "Origin"


async def test_a_foreign_web_app_may_read_none(start_stack: StartStack) -> None:
    stack = await start_stack(cors_origins=APP)
    _, headers, _ = await get(stack, "/api/v1/projects", Origin="https://evil.example")
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(("origin", "is_allowed"), [(APP, True), ("https://evil.example", False), ("null", False)])
async def test_browsers_ask_the_gateway_first(start_stack: StartStack, origin: str, is_allowed: bool) -> None:
    stack = await start_stack(cors_origins=APP)
    answer = await stack.raw(
        b"OPTIONS /api/v1/projects HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: %b\r\n"
        b"Access-Control-Request-Method: PATCH\r\n\r\n" % origin.encode()
    )
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert (b"access-control-allow-methods: " in answer) is is_allowed
    assert (b"access-control-allow-origin: " in answer) is is_allowed
    assert not stack.project.requests


async def test_a_method_that_an_address_does_not_have_is_named_with_those_it_has(stack: Stack) -> None:
    status, headers, _ = await get(stack, "/api/v1/auth/login")
    assert (status, headers["Allow"]) == (405, "POST")
