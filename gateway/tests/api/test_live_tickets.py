"""Tickets in the address of a handshake: asked about by each request that shows one, and gone from what goes on."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime

import aiohttp
import pytest
from gateway_stack import Stack, StartStack, free_port, session_revoked
from recording_services import AuthDouble
from websockets import InvalidStatus
from websockets.asyncio.client import connect

from gateway.app import create_app
from shared.http.server import Served, serving
from shared.identity import verify_identity
from shared.introspection import CredentialKind
from shared.messaging.memory import MemoryBus

TICKET = "tst_AZ8Nf3mQcYSbHk-0_aTicketOfTheTests"


async def get(stack: Stack, path: str, **headers: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{stack.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        body = await response.json()
        return response.status, body["error"]["code"] if "error" in body else ""


def consume_on_use(auth: AuthDouble) -> None:
    """As auth-service does: the first question is answered with the owner, the others with a refusal."""
    auth.single_use.add(f"live_ticket {TICKET}")


@pytest.mark.parametrize("path", ["/ws?{}", "/ws/projects?a=1&{}&b=%20", "/api/v1/events/stream?{}&topics=a"])
async def test_a_ticket_admits_its_owner_and_stays_behind(stack: Stack, path: str) -> None:
    owner = stack.auth.issue(CredentialKind.LIVE_TICKET, TICKET)

    assert await get(stack, path.format(f"ticket={TICKET}")) == (200, "")

    (request,) = stack.realtime.requests
    assert request.target.decode() == path.format("").replace("?&", "?").replace("&&", "&").removesuffix("?")
    (identity,) = request.all(b"x-tessera-identity")
    assert verify_identity(identity.decode(), "realtime", stack.secret, datetime.now(UTC)) == owner


async def test_a_used_ticket_is_refused(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.LIVE_TICKET, TICKET)
    consume_on_use(stack.auth)

    assert await get(stack, f"/ws?ticket={TICKET}") == (200, "")
    assert await get(stack, f"/ws?ticket={TICKET}") == (401, "AUTH_INVALID_TOKEN")
    assert len(stack.realtime.requests) == 1


async def test_a_client_that_polls_goes_on_with_the_session_that_its_ticket_opened(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.LIVE_TICKET, TICKET)
    consume_on_use(stack.auth)

    assert await get(stack, f"/ws?EIO=4&ticket={TICKET}") == (200, "")
    assert await get(stack, f"/ws?EIO=4&ticket={TICKET}&sid=abc") == (200, "")

    first, second = stack.realtime.requests
    assert first.all(b"x-tessera-identity")
    assert (second.target, second.all(b"x-tessera-identity")) == (b"/ws?EIO=4&sid=abc", [])


async def test_realtime_is_told_whether_a_credential_stands_in_the_address(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.LIVE_TICKET, TICKET)
    token = stack.auth.issuer.token()
    forged = {"X-Tessera-Credential-In-Query": "yes"}

    assert await get(stack, f"/ws?ticket={TICKET}") == (200, "")
    assert await get(stack, f"/ws?token={token}") == (200, "")
    assert await get(stack, "/ws", Authorization=f"Bearer {token}", **forged) == (200, "")
    assert await get(stack, f"/ws?token={token}", Authorization=f"Bearer {token}") == (200, "")

    told = [request.all(b"x-tessera-credential-in-query") for request in stack.realtime.requests]
    assert told == [[b"yes"], [b"yes"], [], []]


async def test_of_many_parallel_uses_at_two_gateways_one_wins(start_stack: StartStack) -> None:
    stack = await start_stack()
    stack.auth.issue(CredentialKind.LIVE_TICKET, TICKET)
    consume_on_use(stack.auth)
    async with AsyncExitStack() as opened:
        ports = [stack.port, await another_gateway(opened, stack)]

        answers = await asyncio.gather(*(handshake(port) for port in ports * 20))

    assert sorted(answers) == [200] + [401] * 39
    assert len(stack.realtime.requests) == 1
    assert len(stack.auth.introspections) == 40


async def test_a_ticket_of_an_ended_session_is_refused_even_if_it_was_good(stack: Stack) -> None:
    owner = stack.auth.issue(CredentialKind.LIVE_TICKET, TICKET)
    await stack.publish(session_revoked(owner))
    async with asyncio.timeout(2):
        while await get(stack, f"/ws?ticket={TICKET}") != (401, "AUTH_SESSION_REVOKED"):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/ws?ticket={TICKET}&ticket={TICKET}x", {}),
        (f"/ws?ticket={TICKET}&token=a.b.c", {}),
        (f"/ws?ticket={TICKET}", {"Authorization": "Bearer a.b.c"}),
        (f"/ws?ticket={TICKET}", {"X-API-Key": "tsk_a"}),
    ],
)
async def test_a_ticket_beside_something_else_is_ambiguous(stack: Stack, path: str, headers: dict[str, str]) -> None:
    assert await get(stack, path, **headers) == (400, "AUTH_AMBIGUOUS")
    assert not stack.auth.introspections


async def test_a_ticket_is_for_live_addresses_only(stack: Stack) -> None:
    stack.auth.issue(CredentialKind.LIVE_TICKET, TICKET)

    assert await get(stack, f"/api/v1/projects?ticket={TICKET}") == (401, "AUTH_REQUIRED")
    assert await get(stack, "/api/v1/projects", Authorization=f"Bearer {TICKET}") == (401, "AUTH_INVALID_TOKEN")
    assert await get(stack, "/ws", **{"X-API-Key": TICKET}) == (401, "AUTH_INVALID_TOKEN")
    assert await get(stack, f"/ws?token={TICKET}") == (401, "AUTH_INVALID_TOKEN")


@pytest.mark.parametrize("ticket", ["%00", "a b", "%ff", "x" * 300, "..%2f"])
async def test_what_cannot_be_a_ticket_is_not_asked_about(stack: Stack, ticket: str) -> None:
    answer = await stack.raw(f"GET /ws?ticket={ticket} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 401 ", b"HTTP/1.1 400 "))
    assert not stack.auth.introspections


async def another_gateway(opened: AsyncExitStack, stack: Stack) -> int:
    bus = MemoryBus(stack.broker)
    await bus.start()
    opened.push_async_callback(bus.close)
    app = create_app(stack.settings(), bus=bus)
    port = free_port()
    await opened.enter_async_context(serving([Served(app, "127.0.0.1", port)]))
    async with asyncio.timeout(3):
        while not (await app.ctx.health.read())[0]:
            await asyncio.sleep(0.005)
    return port


async def handshake(port: int) -> int:
    """The status; 200 is what the service behind says here."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{port}/ws?ticket={TICKET}")
    return refused.value.response.status_code
