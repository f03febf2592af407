"""Many connections, idle or busy, and clients that ask without reading: what they cost the others."""

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest
from gateway_stack import QUICK, Stack, StartStack, eventually
from msgspec.structs import replace
from recording_services import Recorded

GET = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
NOWHERE = b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


class Crowd:
    """Connections from one address."""

    def __init__(self, opened: AsyncExitStack, port: int, address: str = "127.0.0.1") -> None:
        self._opened = opened
        self._port = port
        self._address = address

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(self._address, 0))
        self._opened.callback(writer.close)
        return reader, writer

    async def answered(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """One that has had an answer and stays."""
        reader, writer = await self.open()
        writer.write(NOWHERE)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 404 ")
        await reader.readuntil(b"}}")
        return reader, writer


@pytest.fixture
async def opened():
    async with AsyncExitStack() as opened:
        yield opened


async def test_an_idle_connection_makes_room_for_a_new_one_of_its_address(start_stack: StartStack, opened) -> None:
    stack = await start_stack(connections_per_address=3)
    crowd = Crowd(opened, stack.port)
    first, *_ = [await crowd.answered() for _ in range(3)]

    await crowd.answered()

    async with asyncio.timeout(3):
        assert await first[0].read() == b""


async def test_busy_connections_of_one_address_refuse_only_its_own_next_one(start_stack: StartStack, opened) -> None:
    stack = await start_stack(connections_per_address=2)
    held = asyncio.Event()
    opened.callback(held.set)

    async def answer(_request: Recorded, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await held.wait()

    stack.project.answer = answer
    crowd = Crowd(opened, stack.port)
    token = stack.bearer()["Authorization"].encode()
    for _ in range(2):
        _, writer = await crowd.open()
        writer.write(b"GET /api/v1/projects HTTP/1.1\r\nHost: a\r\nAuthorization: " + token + b"\r\n\r\n")
    await eventually(lambda: len(stack.project.begun) == 2)

    reader, _ = await crowd.open()
    async with asyncio.timeout(3):
        refusal = await reader.read()

    assert refusal.startswith(b"HTTP/1.1 429 ")
    assert b'"TOO_MANY_CONNECTIONS"' in refusal
    await Crowd(opened, stack.port, "127.0.0.2").answered()


async def test_places_are_given_back_by_all_kinds_of_connections(start_stack: StartStack, opened) -> None:
    stack = await start_stack(connections_per_address=3)

    for _ in range(5):
        assert (await stack.raw(GET)).startswith(b"HTTP/1.1 200 ")  # the application's
        assert (await stack.raw(LAST)).startswith(b"HTTP/1.1 404 ")
    stack.realtime.answer = _upgrade_and_close
    for _ in range(5):
        upgrade = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        assert (await stack.raw(upgrade)).startswith(b"HTTP/1.1 101 ")


async def test_requests_sent_ahead_are_all_answered_in_whatever_pieces_they_come(stack: Stack) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.port)

    async def send() -> None:
        for _ in range(300):
            writer.write(NOWHERE * 3 + NOWHERE[:10])
            await asyncio.sleep(0)
            writer.write(NOWHERE[10:])
            await writer.drain()
        writer.write(LAST)

    sending = asyncio.create_task(send())
    async with asyncio.timeout(20):
        answers = await reader.read()
        await sending
    writer.close()

    assert answers.count(b"HTTP/1.1 404 ") == 1_201
    assert answers.count(b"HTTP/1.1 ") == 1_201


async def test_a_client_that_does_not_read_gets_no_more_answers_and_is_closed(start_stack: StartStack) -> None:
    stack = await start_stack(limits=replace(QUICK, unread_seconds=0.5))
    with socket.create_connection(("127.0.0.1", stack.port)) as client:
        client.setblocking(False)

        async with asyncio.timeout(20):
            with pytest.raises(ConnectionError):
                await _ask_without_reading(client)
    metrics = await stack.raw(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
    (line,) = [line for line in metrics.splitlines() if b"seconds_count{" in line and b'status="404"' in line]

    assert float(line.rsplit(maxsplit=1)[1]) < 50_000  # about 600 bytes each: what kernels hold, and 64 KiB


async def _ask_without_reading(client: socket.socket) -> None:
    while True:
        await asyncio.get_running_loop().sock_sendall(client, NOWHERE * 1_000)


async def _upgrade_and_close(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    await writer.drain()
    writer.close()
