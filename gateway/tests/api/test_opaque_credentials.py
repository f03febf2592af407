"""API keys and session cookies: asked about once, good as far as they reach, out when something changes."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
import pytest
from gateway_stack import Stack, StartStack, eventually, session_revoked

from shared.events.auth import ApiKeyRevoked, TenantClosed
from shared.events.envelope import Event
from shared.identity import verify_identity
from shared.introspection import CredentialKind, Introspected, Refusal

KEY = "tsk_AZ8Nf3mQcYSbHk-0_aKeyOfTheTests"
COOKIE = "tsc_AZ8Nf3mQcYSbHk-0_aCookieOfTheTests"
PROTECTED = "tsh_aProtectedCookie"
ALLOWED = "https://app.example.com"
EVERYTHING = ("*:read", "*:write")


class MembershipRemoved(Event, frozen=True, kw_only=True):
    """As far as a gateway reads it."""

    type = "auth.membership.removed"
    user_id: str


@pytest.fixture
async def stack(start_stack: StartStack) -> Stack:
    return await start_stack(cors_origins=ALLOWED)


async def ask(stack: Stack, method: str = "GET", path: str = "/api/v1/projects", **headers: str) -> tuple[int, str]:
    """Status and error code; `X_API_Key="..."` is a header."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"http://127.0.0.1:{stack.port}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=sent) as response:
        body: Any = msgspec.json.decode(await response.read() or b"{}")
        return response.status, body["error"]["code"] if "error" in body else ""


def cookie(value: str = COOKIE) -> str:
    return f"theme=dark; tessera_session={value}; lang=de"


async def is_refused(stack: Stack, **headers: str) -> bool:
    return (await ask(stack, **headers))[0] == 401


@pytest.mark.parametrize("headers", [{"Authorization": f"Bearer {KEY}"}, {"X_API_Key": KEY}])
async def test_a_key_gets_in_with_its_owners_identity_and_its_scopes(stack: Stack, headers: dict[str, str]) -> None:
    owner = stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=("projects:read",))

    assert await ask(stack, **headers) == (200, "")

    token = stack.project.requests[0].all(b"x-tessera-identity")[0].decode()
    assert verify_identity(token, "project", stack.secret, datetime.now(UTC)) == owner


async def test_a_session_cookie_gets_in_as_the_person(stack: Stack) -> None:
    person = stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)

    assert await ask(stack, Cookie=cookie()) == (200, "")

    request = stack.project.requests[0]
    token = request.all(b"x-tessera-identity")[0].decode()
    assert verify_identity(token, "project", stack.secret, datetime.now(UTC)) == person
    assert not request.all(b"cookie")


async def test_a_credential_is_asked_about_once(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)

    answers = await asyncio.gather(*(ask(stack, X_API_Key=KEY) for _ in range(20)))

    assert set(answers) == {(200, "")}
    assert await ask(stack, X_API_Key=KEY) == (200, "")
    assert stack.auth.introspections == [f"api_key {KEY}"]


async def test_a_made_up_credential_is_refused_and_not_asked_about_again_at_once(stack: Stack) -> None:
    for _ in range(3):
        assert await ask(stack, X_API_Key=KEY) == (401, "AUTH_INVALID_TOKEN")

    assert len(stack.auth.introspections) == 1


@pytest.mark.parametrize("refusal", list(Refusal))
async def test_the_reason_of_a_refusal_is_passed_on(stack: Stack, refusal: Refusal) -> None:
    stack.auth.known[f"session_cookie {COOKIE}"] = Introspected(refusal=refusal)

    assert await ask(stack, Cookie=cookie()) == (401, refusal.value)


async def test_nobody_is_let_in_while_nobody_can_tell(stack: Stack) -> None:
    stack.auth.answers_introspection.clear()
    asked = asyncio.create_task(ask(stack, X_API_Key=KEY))
    await eventually(lambda: stack.auth.introspections)

    stack.auth.drop_connections()

    assert await asked == (503, "SERVICE_UNAVAILABLE")


async def test_a_client_that_leaves_does_not_spoil_it_for_the_others(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    stack.auth.answers_introspection.clear()
    first, second = (asyncio.create_task(ask(stack, X_API_Key=KEY)) for _ in range(2))
    await eventually(lambda: stack.auth.introspections)

    first.cancel()
    stack.auth.answers_introspection.set()

    assert await second == (200, "")
    assert len(stack.auth.introspections) == 1


@pytest.mark.parametrize(
    ("scopes", "method", "path", "expected"),
    [
        (("projects:read",), "GET", "/api/v1/projects", 200),
        (("projects:read",), "POST", "/api/v1/projects", 403),
        (("projects:write",), "POST", "/api/v1/projects", 200),
        (("projects:write",), "GET", "/api/v1/projects", 403),
        (("projects:read",), "GET", "/api/v1/projects/1/tasks", 403),
        (("tasks:read",), "GET", "/api/v1/projects/1/tasks", 200),
        (("tasks:read",), "GET", "/api/v1/projects/1", 403),
        (("*:read",), "GET", "/api/v1/conversations", 200),
        (("*:read",), "DELETE", "/api/v1/conversations/1", 403),
        (EVERYTHING, "GET", "/api/v1/api-keys", 403),
        (EVERYTHING, "POST", "/api/v1/api-keys", 403),
        (EVERYTHING, "POST", "/api/v1/auth/logout", 403),
        (EVERYTHING, "POST", "/api/v1/auth/session-token", 403),
    ],
)
async def test_a_key_reaches_as_far_as_its_scopes(
    stack: Stack, scopes: tuple[str, ...], method: str, path: str, expected: int
) -> None:
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=scopes)

    for _ in range(2):  # once when it is asked about, once when it is remembered
        status, code = await ask(stack, method, path, X_API_Key=KEY)
        assert (status, code) == (expected, "AUTH_FORBIDDEN" if expected == 403 else "")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}", "X_API_Key": KEY + "2"},
        {"Authorization": f"Bearer {KEY}", "Cookie": cookie()},
        {"Authorization": "Bearer a.b.c", "X_API_Key": KEY},
        {"Authorization": "Bearer a.b.c", "Cookie": cookie()},
        {"X_API_Key": KEY, "Cookie": cookie()},
        {"Cookie": f"{cookie()}; tessera_session={COOKIE}2"},
    ],
)
async def test_two_different_credentials_are_refused(stack: Stack, headers: dict[str, str]) -> None:
    assert await ask(stack, **headers) == (400, "AUTH_AMBIGUOUS")
    assert not stack.auth.introspections


async def test_the_same_key_twice_is_one_credential(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)

    assert await ask(stack, Authorization=f"Bearer {KEY}", X_API_Key=KEY) == (200, "")


async def test_the_protected_cookie_counts_and_a_planted_one_is_not_looked_at(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, PROTECTED)
    stack.auth.issue(CredentialKind.SESSION_COOKIE, "tsc_planted")
    protected = f"__Host-tessera_session={PROTECTED}"

    for header in (protected, f"tessera_session=tsc_planted; {protected}; tessera_session=x"):
        assert await ask(stack, Cookie=header) == (200, "")
        assert await ask(stack, "POST", Cookie=header) == (403, "ORIGIN_NOT_ALLOWED")
        assert await ask(stack, "POST", Cookie=header, Origin=ALLOWED) == (200, "")

    assert stack.auth.introspections == [f"session_cookie {PROTECTED}"]


@pytest.mark.parametrize(
    "header",
    [
        f"tessera_session={PROTECTED}",
        f"x=1,__Host-tessera_session={PROTECTED}",
        f"__host-tessera_session={PROTECTED}",
        f"__Secure-tessera_session={PROTECTED}",
    ],
)
async def test_a_protected_value_counts_under_its_own_name_only(stack: Stack, header: str) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, PROTECTED)

    assert await ask(stack, Cookie=header) == (401, "AUTH_REQUIRED")


async def test_a_live_connection_by_the_protected_cookie_is_for_pages_of_ours_only(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, PROTECTED)
    sent = {"Cookie": f"__Host-tessera_session={PROTECTED}", "Connection": "Upgrade", "Upgrade": "websocket"}
    sent["Sec_WebSocket_Key"] = "dGhlIHNhbXBsZSBub25jZQ=="

    assert await ask(stack, path="/ws", **sent) == (403, "ORIGIN_NOT_ALLOWED")
    await ask(stack, path="/ws", Origin=ALLOWED, **sent)
    assert stack.realtime.requests[0].all(b"x-tessera-identity")


async def test_an_empty_cookie_is_no_credential(stack: Stack) -> None:
    assert await ask(stack, Cookie="tessera_session=") == (401, "AUTH_REQUIRED")
    assert await ask(stack, Cookie="not_tessera_session=1; x=tessera_session") == (401, "AUTH_REQUIRED")


async def test_no_credential_is_taken_for_one_of_another_kind(stack: Stack) -> None:
    token = stack.auth.issuer.token()
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)
    for good in ({"X_API_Key": KEY}, {"Cookie": cookie()}, {"Authorization": f"Bearer {token}"}):
        assert await ask(stack, **good) == (200, "")

    for confused in (
        {"Authorization": f"Bearer {COOKIE}"},
        {"X_API_Key": COOKIE},
        {"Cookie": cookie(KEY)},
        {"X_API_Key": token},
        {"Cookie": cookie(token)},
        {"X_API_Key": f"session_cookie {COOKIE}"},
        {"Authorization": "Bearer tsr_aRefreshToken"},
        {"Cookie": cookie("tsr_aRefreshToken")},
    ):
        assert await ask(stack, **confused) == (401, "AUTH_INVALID_TOKEN"), confused


@pytest.mark.parametrize("text", [KEY, COOKIE])
async def test_what_lives_long_is_not_taken_from_an_address(stack: Stack, text: str) -> None:
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)

    assert await ask(stack, path=f"/ws?token={text}") == (401, "AUTH_INVALID_TOKEN")
    assert not stack.auth.introspections


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Origin": ALLOWED}, 200),
        ({}, 403),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": ALLOWED + ".evil.com"}, 403),
        ({"Origin": "http://app.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
    ],
)
async def test_a_cookie_writes_for_pages_of_ours_only(stack: Stack, headers: dict[str, str], expected: int) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)

    for method in ("POST", "PATCH", "PUT", "DELETE"):
        status, code = await ask(stack, method, Cookie=cookie(), **headers)
        assert (status, code) == (expected, "ORIGIN_NOT_ALLOWED" if expected == 403 else "")
    assert (await ask(stack, "GET", Cookie=cookie(), **headers))[0] == 200


async def test_a_page_served_under_this_very_address_is_ours(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)

    assert await ask(stack, "POST", Cookie=cookie(), Origin=f"http://127.0.0.1:{stack.port}") == (200, "")
    assert (await ask(stack, "POST", Cookie=cookie(), Origin="http://127.0.0.1:1"))[0] == 403


async def test_refreshing_by_cookie_is_a_write_too(stack: Stack) -> None:
    path = "/api/v1/auth/refresh"

    assert await ask(stack, "POST", path, Cookie=cookie()) == (403, "ORIGIN_NOT_ALLOWED")
    assert await ask(stack, "POST", path, Cookie=cookie(), Origin=ALLOWED) == (200, "")
    assert await ask(stack, "POST", path) == (200, "")
    assert [request.all(b"cookie") for request in stack.auth.requests] == [[cookie().encode()], []]


async def test_a_live_connection_by_cookie_is_for_pages_of_ours_only(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ=="}

    assert await ask(stack, path="/ws", Cookie=cookie(), **upgrade) == (403, "ORIGIN_NOT_ALLOWED")
    assert not stack.realtime.requests
    await ask(stack, path="/ws", Cookie=cookie(), Origin=ALLOWED, **upgrade)
    assert stack.realtime.requests[0].all(b"x-tessera-identity")


async def test_keys_and_tokens_need_no_origin(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)

    assert await ask(stack, "POST", X_API_Key=KEY) == (200, "")
    assert await ask(stack, "POST", **stack.bearer()) == (200, "")


async def test_a_live_connection_is_told_when_its_credential_ends(stack: Stack) -> None:
    ends = int(time.time()) + 600
    owner = stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=("tasks:read",))
    stack.auth.known[f"api_key {KEY}"] = Introspected(principal=owner, expires_at=ends)
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}

    await ask(stack, path="/ws", X_API_Key=KEY, X_Tessera_Token_Expires="1", **upgrade)

    assert stack.realtime.requests[0].all(b"x-tessera-token-expires") == [str(ends).encode()]


async def test_a_key_ends_when_its_time_is_over(stack: Stack) -> None:
    owner = stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    stack.auth.known[f"api_key {KEY}"] = Introspected(principal=owner, expires_at=int(time.time()) + 2)
    assert await ask(stack, X_API_Key=KEY) == (200, "")

    stack.auth.known[f"api_key {KEY}"] = Introspected(refusal=Refusal.EXPIRED)

    await eventually(lambda: is_refused(stack, X_API_Key=KEY), 3)


async def test_a_revoked_key_is_out_within_a_second(stack: Stack) -> None:
    owner = stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    assert await ask(stack, X_API_Key=KEY) == (200, "")

    await stack.publish(ApiKeyRevoked(key_id=owner.session_id, user_id=owner.user_id, revoked_at=int(time.time())))

    await eventually(lambda: is_refused(stack, X_API_Key=KEY), 1)
    assert await ask(stack, X_API_Key=KEY) == (401, "AUTH_INVALID_TOKEN")


async def test_the_cookie_of_an_ended_session_is_out_within_a_second(stack: Stack) -> None:
    person = stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)
    assert await ask(stack, Cookie=cookie()) == (200, "")

    await stack.publish(session_revoked(person))

    await eventually(lambda: is_refused(stack, Cookie=cookie()), 1)
    assert await ask(stack, Cookie=cookie()) == (401, "AUTH_SESSION_REVOKED")


async def test_a_revocation_wins_over_an_answer_that_is_older(stack: Stack) -> None:
    owner = stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    stack.auth.answers_introspection.clear()
    asked = asyncio.create_task(ask(stack, X_API_Key=KEY))
    await eventually(lambda: stack.auth.introspections)

    await stack.publish(ApiKeyRevoked(key_id=owner.session_id, user_id=owner.user_id, revoked_at=0))
    stack.auth.answers_introspection.set()

    assert await asked == (401, "AUTH_INVALID_TOKEN")
    assert await ask(stack, X_API_Key=KEY) == (401, "AUTH_INVALID_TOKEN")


async def test_after_a_change_of_membership_a_credential_is_asked_about_anew(stack: Stack) -> None:
    owner = stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    assert await ask(stack, X_API_Key=KEY) == (200, "")
    del stack.auth.known[f"api_key {KEY}"]

    await stack.publish(MembershipRemoved(user_id=str(uuid4())))
    assert await ask(stack, X_API_Key=KEY) == (200, "")
    await stack.publish(MembershipRemoved(user_id=str(owner.user_id)))

    await eventually(lambda: is_refused(stack, X_API_Key=KEY), 1)


async def test_a_credential_is_out_when_its_tenant_is_closed(stack: Stack) -> None:
    owner = stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    assert await ask(stack, X_API_Key=KEY) == (200, "")
    del stack.auth.known[f"api_key {KEY}"]

    await stack.publish(TenantClosed(tenant_id=owner.tenant_id, restorable_until=datetime.now(UTC)))

    await eventually(lambda: is_refused(stack, X_API_Key=KEY), 1)


async def test_what_was_known_before_the_broker_went_away_is_not_believed_after(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)
    assert await ask(stack, X_API_Key=KEY) == (200, "")
    del stack.auth.known[f"api_key {KEY}"]

    stack.broker.interrupt()

    await eventually(lambda: is_refused(stack, X_API_Key=KEY), 2)


PROOF = "/api/v1/auth/verify-email"


async def identity_sent(stack: Stack, **headers: str) -> bool:
    """Whether a mailed link was passed on with who has opened it."""
    assert await ask(stack, "POST", PROOF, **headers) == (200, "")
    return bool(stack.auth.requests[-1].all(b"x-tessera-identity"))


async def test_a_mailed_link_is_passed_on_with_the_session_that_comes_along(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)

    assert await identity_sent(stack, **stack.bearer())
    assert await identity_sent(stack, Cookie=cookie(), Origin=ALLOWED)
    assert not await identity_sent(stack)


async def test_no_credential_keeps_a_mailed_link_from_being_opened(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.SESSION_COOKIE, COOKIE)
    stack.auth.issue(CredentialKind.API_KEY, KEY, scopes=EVERYTHING)

    for headers in (
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic nonsense"},
        {"X_API_Key": KEY},
        {"Cookie": cookie() + "2"},
        {"Cookie": cookie()},
        {"Cookie": cookie(), "Origin": "https://elsewhere.example.com"},
    ):
        for _ in range(2):  # once when it is looked into, once when it is remembered
            assert not await identity_sent(stack, **headers), headers
