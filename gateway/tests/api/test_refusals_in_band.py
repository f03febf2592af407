"""A Socket.IO client that shows a wrong credential: realtime-service hears why, signed, and nothing else changes."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from gateway_stack import Stack, StartStack, session_revoked

from shared.errors import AuthRequired
from shared.identity import mint_refusal, verify_identity, verify_refusal
from shared.introspection import CredentialKind
from shared.session_cookie import SESSION_COOKIE

ENGINE_IO = "/ws/?EIO=4&transport=polling"
REFUSED_IN_BAND = 200  # what the double of realtime-service answers


async def get(stack: Stack, path: str, headers: dict[str, str] | None = None) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{stack.port}{path}", headers=headers) as answer,
    ):
        return answer.status


def reason(stack: Stack) -> str:
    """What realtime-service was told of its one request, which bears no identity."""
    (request,) = stack.realtime.requests
    (refusal,) = request.all(b"x-tessera-refusal")
    assert not request.all(b"x-tessera-identity")
    return verify_refusal(refusal.decode(), "realtime", stack.secret, datetime.now(UTC))


@pytest.mark.parametrize("place", ["header", "query", "encoded"])
@pytest.mark.parametrize(("is_old", "code"), [(True, "AUTH_TOKEN_EXPIRED"), (False, "AUTH_INVALID_TOKEN")])
async def test_the_reason_goes_on_without_the_credential(stack: Stack, place: str, is_old: bool, code: str) -> None:
    issuer = stack.auth.issuer
    token = issuer.token(now=datetime.now(UTC) - timedelta(hours=2)) if is_old else "a.b.c"
    query = {"header": "", "query": f"&token={token}", "encoded": f"&%74oken={token}"}[place]

    status = await get(stack, ENGINE_IO + query, {"Authorization": f"Bearer {token}"} if place == "header" else {})

    assert (status, reason(stack)) == (REFUSED_IN_BAND, code)
    assert stack.realtime.requests[0].target.decode() == ENGINE_IO


async def test_what_is_no_credential_at_all_does_not_go_on_either(stack: Stack) -> None:
    status = await get(stack, f"{ENGINE_IO}&ticket=%00&a=1")

    assert (status, reason(stack)) == (REFUSED_IN_BAND, "AUTH_INVALID_TOKEN")
    assert stack.realtime.requests[0].target.decode() == f"{ENGINE_IO}&a=1"


async def test_cookies_keys_and_used_tickets_are_told_alike(stack: Stack) -> None:
    page = {"Cookie": f"{SESSION_COOKIE}=unknown", "Origin": "http://localhost:3000"}

    for headers, query in ((page, ""), ({"X-API-Key": "tsk_unknown"}, ""), ({}, "&ticket=unknown")):
        stack.realtime.requests.clear()
        assert await get(stack, ENGINE_IO + query, headers) == REFUSED_IN_BAND
        assert reason(stack) == "AUTH_INVALID_TOKEN"


async def test_an_ended_session_is_told_as_one(stack: Stack) -> None:
    owner = stack.auth.issue(CredentialKind.LIVE_TICKET, "ended")
    await stack.publish(session_revoked(owner))

    await get(stack, f"{ENGINE_IO}&ticket=ended")

    assert reason(stack) == "AUTH_SESSION_REVOKED"


@pytest.mark.parametrize(
    "path", ["/ws?a=1", "/ws/projects?EIO=4", "/api/v1/events/stream?EIO=4", "/ws?x=EIO=4", "/ws?eio=4"]
)
async def test_everybody_else_is_refused_at_the_door(stack: Stack, path: str) -> None:
    assert await get(stack, path, {"Authorization": "Bearer a.b.c"}) == 401
    assert not stack.realtime.requests


async def test_two_credentials_and_a_foreign_page_are_refused_at_the_door(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, "good")
    foreign = {"Cookie": f"{SESSION_COOKIE}=good", "Origin": "https://evil.example.com"}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", **foreign}

    assert await get(stack, f"{ENGINE_IO}&token=a.b.c", {"Authorization": "Bearer d.e.f"}) == 400
    assert await get(stack, "/ws/?EIO=4&transport=websocket", upgrade) == 403
    assert not stack.realtime.requests


async def test_guessing_is_slowed_down_all_the_same(start_stack: StartStack) -> None:
    stack = await start_stack(rate_limit_scale=0.1)

    statuses = [await get(stack, ENGINE_IO, {"Authorization": f"Bearer {number}.b.c"}) for number in range(100)]

    assert statuses[0] == REFUSED_IN_BAND
    assert statuses[-1] == 429


def test_a_refusal_is_no_identity_and_an_old_one_is_none_at_all() -> None:
    secret, now = "a secret of the tests, long enough for HS256", datetime.now(UTC)
    refusal = mint_refusal("AUTH_TOKEN_EXPIRED", "realtime", secret, now)

    with pytest.raises(AuthRequired):
        verify_identity(refusal, "realtime", secret, now)
    for audience, key, moment in (
        ("auth", secret, now),
        ("realtime", "another secret, as long as the one before", now),
        ("realtime", secret, now + timedelta(minutes=3)),
    ):
        with pytest.raises(AuthRequired):
            verify_refusal(refusal, audience, key, moment)
