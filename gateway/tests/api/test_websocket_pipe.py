"""A live connection goes through as bytes: both ways, at the pace of the slower side, to the very close code."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
import websockets
from gateway_stack import Stack, StartStack, eventually, free_port
from recording_services import answer_bytes
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from shared.identity import verify_identity


class Realtime:
    """A real WebSocket server in the place of realtime-service."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.closed_with: list[int | None] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.received = 0

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        async with serve(self._handle, "127.0.0.1", 0, max_queue=2, max_size=2**24, compression=None) as server:
            yield server.sockets[0].getsockname()[1]

    async def _handle(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await self.reads.wait()
                message = await connection.recv()
                self.received += len(message)
                if message == "close":
                    await connection.close(4008, "too slow")
                elif message == "pour":
                    for _ in range(400):
                        await connection.send(bytes(100_000))
                        self.received += 1
                else:
                    await connection.send(message)
        self.closed_with.append(connection.close_code)


@pytest.fixture
async def realtime(start_stack: StartStack) -> AsyncIterator[tuple[Stack, Realtime]]:
    server = Realtime()
    async with server.serving() as port:
        yield await start_stack(realtime_url=f"http://127.0.0.1:{port}"), server


def url(stack: Stack, path: str = "/ws") -> str:
    return f"ws://127.0.0.1:{stack.port}{path}"


async def test_messages_go_both_ways_in_every_size(realtime: tuple[Stack, Realtime]) -> None:
    stack, _ = realtime
    async with connect(url(stack), compression=None, max_size=2**24) as client:
        for message in ("", "hello", "x" * 126, "x" * 70_000, b"\x00" * 3_000_000):
            await client.send(message)
            assert await client.recv() == message


async def test_the_handshake_carries_the_signed_identity_and_no_token(realtime: tuple[Stack, Realtime]) -> None:
    stack, server = realtime
    principal = stack.auth.issuer.principal()
    token = stack.auth.issuer.token(principal)
    async with connect(url(stack, f"/ws?a=1&token={token}&b=%20")) as client:
        await client.send("hello")
        await client.recv()

    request = server.connections[0].request
    assert request is not None
    assert request.path == "/ws?a=1&b=%20"
    identity = request.headers["X-Tessera-Identity"]
    assert verify_identity(identity, "realtime", stack.secret, datetime.now(UTC)) == principal


async def test_a_client_may_come_without_a_credential_and_show_one_later(realtime: tuple[Stack, Realtime]) -> None:
    stack, server = realtime
    forged = {"X-Tessera-Identity": "forged", "X_Tessera_Identity": "forged"}
    async with connect(url(stack, "/ws/projects"), additional_headers=forged) as client:
        await client.send("hello")
        assert await client.recv() == "hello"
    request = server.connections[0].request
    assert request is not None
    assert "X-Tessera-Identity" not in request.headers


@pytest.mark.parametrize("path", ["/ws?token=nonsense", "/ws?%74oken=nonsense", "/ws?x=1&token=a.b.c"])
async def test_a_wrong_credential_is_refused_before_realtime_hears_of_it(
    realtime: tuple[Stack, Realtime], path: str
) -> None:
    stack, server = realtime
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(url(stack, path))
    assert refused.value.response.status_code == 401
    assert not server.connections


async def test_two_different_credentials_are_ambiguous(realtime: tuple[Stack, Realtime]) -> None:
    stack, _ = realtime
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(url(stack, "/ws?token=a"), additional_headers=stack.bearer())
    assert refused.value.response.status_code == 400
    assert msgspec.json.decode(refused.value.response.body)["error"]["code"] == "AUTH_AMBIGUOUS"


async def test_the_close_code_of_realtime_reaches_the_client(realtime: tuple[Stack, Realtime]) -> None:
    stack, _ = realtime
    async with connect(url(stack)) as client:
        await client.send("close")
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await client.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4008, "too slow")


async def test_the_close_code_of_the_client_reaches_realtime(realtime: tuple[Stack, Realtime]) -> None:
    stack, server = realtime
    async with connect(url(stack)) as client:
        await client.close(4001, "bye")
    await eventually(lambda: server.closed_with == [4001])


async def test_a_client_that_vanishes_is_gone_for_realtime_too(realtime: tuple[Stack, Realtime]) -> None:
    stack, server = realtime
    client = await connect(url(stack))
    client.transport.abort()
    await eventually(lambda: server.closed_with == [1006])


async def test_a_realtime_that_dies_takes_the_connection_with_it(realtime: tuple[Stack, Realtime]) -> None:
    stack, server = realtime
    async with connect(url(stack)) as client:
        await client.send("hello")
        await client.recv()
        server.connections[0].transport.abort()
        async with asyncio.timeout(2):
            with pytest.raises(websockets.ConnectionClosedError):
                await client.recv()


async def test_a_client_that_does_not_read_slows_realtime_down(realtime: tuple[Stack, Realtime]) -> None:
    stack, server = realtime
    async with connect(url(stack), max_queue=1, max_size=2**24) as client:
        await client.send("pour")
        last = -1
        while server.received != last:
            last = server.received
            await asyncio.sleep(0.2)
        assert 0 < server.received < 300  # of 400 messages: the rest waits at its sender
        async with asyncio.timeout(10):
            received = [len(await client.recv()) for _ in range(400)]
        assert received == [100_000] * 400


async def test_a_realtime_that_does_not_read_slows_the_client_down(realtime: tuple[Stack, Realtime]) -> None:
    stack, server = realtime
    async with connect(url(stack), max_size=2**24) as client:
        server.reads.clear()
        sent = 0

        async def pour() -> None:
            nonlocal sent
            for _ in range(400):
                await client.send(bytes(100_000))
                sent += 1

        pouring = asyncio.create_task(pour())
        last = -1
        while sent != last:
            last = sent
            await asyncio.sleep(0.2)
        assert 0 < sent < 300
        server.reads.set()

        async def drain() -> None:
            for _ in range(400):
                await client.recv()

        async with asyncio.timeout(10):
            await asyncio.gather(pouring, drain())
        await eventually(lambda: server.received == 40_000_000)


async def test_a_refused_handshake_is_passed_on(stack: Stack) -> None:
    stack.realtime.answer = answer_bytes(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope")
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(url(stack))
    assert (refused.value.response.status_code, refused.value.response.body) == (403, b"nope")


async def test_an_absent_realtime_is_a_502(start_stack: StartStack) -> None:
    stack = await start_stack(realtime_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(url(stack))
    assert refused.value.response.status_code == 502


async def test_polling_goes_the_same_way_as_ordinary_requests(stack: Stack) -> None:
    answer = await stack.raw(
        b"POST /ws/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\n40"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert stack.realtime.requests[0].body == b"40"


async def test_other_addresses_cannot_be_upgraded(stack: Stack) -> None:
    token = stack.bearer()["Authorization"].encode()
    fields = b"Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nAuthorization: " + token
    stack.project.answer = answer_bytes(b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    answer = b""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(b"GET /api/v1/projects HTTP/1.1\r\n" + fields + b"\r\n\r\n")
    async with asyncio.timeout(3):
        answer = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert answer.startswith(b"HTTP/1.1 502 ")
    assert not stack.project.requests[0].all(b"upgrade")
