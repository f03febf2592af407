"""Who gets in, and how fast an ended session is out."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiohttp
import msgspec
import pytest
from gateway_stack import Stack, StartStack, eventually, session_revoked

from gateway.denylist import TRUSTED_GAP_SECONDS
from shared.identity import verify_service_identity


async def ask(stack: Stack, token: str | None, path: str = "/api/v1/projects") -> tuple[int, str]:
    headers = {} if token is None else {"Authorization": token}
    url = f"http://127.0.0.1:{stack.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        body = msgspec.json.decode(await response.read())
        return response.status, body["error"]["code"] if "error" in body else ""


async def is_admitted(stack: Stack, token: str) -> bool:
    return (await ask(stack, token))[0] == 200


async def is_refused(stack: Stack, token: str) -> bool:
    return (await ask(stack, token))[0] == 401


async def test_a_valid_token_gets_in(stack: Stack) -> None:
    assert await ask(stack, f"Bearer {stack.auth.issuer.token()}") == (200, "")


@pytest.mark.parametrize(
    ("credential", "code"),
    [
        (None, "AUTH_REQUIRED"),
        ("Bearer nonsense", "AUTH_INVALID_TOKEN"),
        ("Bearer ", "AUTH_INVALID_TOKEN"),
        ("Basic dXNlcjpwYXNz", "AUTH_INVALID_TOKEN"),
        ("Bearer a.b.c", "AUTH_INVALID_TOKEN"),
        ("Bearer " + "a" * 9_000, "AUTH_INVALID_TOKEN"),
    ],
)
async def test_anything_else_is_told_why_not(stack: Stack, credential: str | None, code: str) -> None:
    assert await ask(stack, credential) == (401, code)
    assert not stack.project.requests


async def test_an_expired_token_is_told_to_refresh(stack: Stack) -> None:
    token = stack.auth.issuer.token(now=datetime.now(UTC) - timedelta(seconds=1_000))
    assert await ask(stack, f"Bearer {token}") == (401, "AUTH_TOKEN_EXPIRED")


async def test_a_remembered_token_still_expires(stack: Stack) -> None:
    token = f"Bearer {stack.auth.issuer.token(life=2)}"
    assert (await ask(stack, token))[0] == 200
    await eventually(lambda: is_refused(stack, token), 4)
    assert await ask(stack, token) == (401, "AUTH_TOKEN_EXPIRED")


async def test_a_public_address_does_not_look_at_credentials(stack: Stack) -> None:
    url = f"http://127.0.0.1:{stack.port}/api/v1/auth/login"
    headers = {"Authorization": "Bearer nonsense"}
    async with aiohttp.ClientSession() as session, session.post(url, data=b"{}", headers=headers) as response:
        assert response.status == 200
    assert not stack.auth.requests[0].all(b"x-tessera-identity")


async def test_an_ended_session_is_refused_within_a_second(stack: Stack) -> None:
    principal = stack.auth.issuer.principal()
    token = f"Bearer {stack.auth.issuer.token(principal)}"
    assert (await ask(stack, token))[0] == 200

    await stack.publish(session_revoked(principal))

    await eventually(lambda: is_refused(stack, token), 1)
    assert await ask(stack, token) == (401, "AUTH_SESSION_REVOKED")
    assert (await ask(stack, f"Bearer {stack.auth.issuer.token()}"))[0] == 200


async def test_a_session_ended_before_the_start_is_in_the_snapshot(start_stack: StartStack) -> None:
    session_id = uuid4()
    stack = await start_stack(revocations=[{"session_id": str(session_id), "revoked_at": int(time.time())}])
    token = stack.auth.issuer.token(stack.auth.issuer.principal(session_id))
    await eventually(lambda: stack.auth.asked_directly)
    await eventually(lambda: is_refused(stack, f"Bearer {token}"))
    assert await ask(stack, f"Bearer {token}") == (401, "AUTH_SESSION_REVOKED")


async def test_the_snapshot_is_asked_for_in_the_name_of_the_gateway(stack: Stack) -> None:
    await eventually(lambda: stack.auth.asked_directly)
    asked = stack.auth.asked_directly[0]
    verify_service_identity(
        asked.all(b"x-tessera-identity")[0].decode(), "gateway", "auth", stack.secret, datetime.now(UTC)
    )
    since = int(asked.target.partition(b"since=")[2])
    assert time.time() - 1_000 < since < time.time() - 900


async def test_nobody_is_admitted_until_the_snapshot_was_read(start_stack: StartStack) -> None:
    stack = await start_stack(snapshot_status=503)
    token = f"Bearer {stack.auth.issuer.token()}"
    assert await ask(stack, token) == (503, "SERVICE_UNAVAILABLE")

    stack.auth.snapshot_status = 200

    await eventually(lambda: is_admitted(stack, token))


async def test_while_the_broker_is_away_ended_sessions_come_by_snapshot(stack: Stack) -> None:
    principal = stack.auth.issuer.principal()
    token = f"Bearer {stack.auth.issuer.token(principal)}"
    assert (await ask(stack, token))[0] == 200
    stack.broker.interrupt()
    stack.auth.revocations.append({"session_id": str(principal.session_id), "revoked_at": int(time.time())})

    await eventually(lambda: is_refused(stack, token), 1.5)

    assert await ask(stack, token) == (401, "AUTH_SESSION_REVOKED")
    assert (await ask(stack, f"Bearer {stack.auth.issuer.token()}"))[0] == 200


async def test_what_was_missed_while_the_broker_was_away_is_made_up_for(stack: Stack) -> None:
    principal = stack.auth.issuer.principal()
    token = f"Bearer {stack.auth.issuer.token(principal)}"
    assert (await ask(stack, token))[0] == 200
    asked = len(stack.auth.asked_directly)
    stack.broker.interrupt()
    stack.auth.revocations.append({"session_id": str(principal.session_id), "revoked_at": int(time.time())})
    stack.broker.restore()

    await eventually(lambda: len(stack.auth.asked_directly) > asked)
    await eventually(lambda: is_refused(stack, token), 1)


def test_a_gap_is_shorter_than_the_life_of_a_token() -> None:
    assert TRUSTED_GAP_SECONDS <= 10
