"""Live clients that only listen, in a process of their own: what they cost does not fall on the clock of a measurement.

`python -m deploy.bench.listeners` reads one line of JSON (Orders) and opens that many connections; it says how many
there are when all of them have their topic, and at the end of its input how many events they have heard.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import msgspec
import uvloop

from deploy.bench.fanout import masked, raise_file_limit
from deploy.console import say

_AT_ONCE = 50  # handshakes under way
_PATIENCE_SECONDS = 120.0
_HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
)
_PING, _PONG = b"\x89\x00", b"\x8a\x80\x00\x00\x00\x00"  # RFC 6455, section 5.5; without payload
_EVENT = b'"event":'


class Orders(msgspec.Struct):
    port: int
    token: str
    topics: list[str]
    """Of each connection one."""


class _Listener(asyncio.Protocol):
    def __init__(self, orders: Orders, topic: str) -> None:
        self.events = 0
        self.is_subscribed = asyncio.Event()
        self._handshake = _HANDSHAKE.format(token=orders.token).encode()
        self._subscribe = masked(b'{"action":"subscribe","topic":"%b"}' % topic.encode())
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._handshake)

    def data_received(self, data: bytes) -> None:
        if self.is_subscribed.is_set():
            self.events += data.count(_EVENT)
            if data.endswith(_PING):
                self._transport.write(_PONG)
            return
        self._head += data
        if self._head.endswith(b"\r\n\r\n"):
            self._transport.write(self._subscribe)
        elif b'"subscribed"' in self._head:
            self.is_subscribed.set()


async def _listen(orders: Orders) -> None:
    loop, waiting, heard = asyncio.get_running_loop(), iter(enumerate(orders.topics)), list[_Listener]()

    async def open_some() -> None:
        for number, topic in waiting:
            near = (f"127.0.1.{1 + number % 250}", 0)
            _, listener = await loop.create_connection(
                lambda topic=topic: _Listener(orders, topic),  # type: ignore[misc]
                "127.0.0.1",
                orders.port,
                local_addr=near,
                family=socket.AF_INET,
            )
            await listener.is_subscribed.wait()
            heard.append(listener)

    async with asyncio.timeout(_PATIENCE_SECONDS):
        await asyncio.gather(*(open_some() for _ in range(_AT_ONCE)))
    say(str(len(heard)))
    await asyncio.to_thread(sys.stdin.read)
    say(str(sum(listener.events for listener in heard)))


class Crowd:
    """The process, from outside."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.events = 0
        """That they have heard in all, once they are gone."""

    async def begin(self, orders: Orders) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(orders) + b"\n")
        assert await self._read() == len(orders.topics), "not all listeners could connect"

    async def leave(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self.events = await self._read()
        await self._process.wait()

    async def _read(self) -> int:
        assert self._process.stdout is not None
        return int(await self._process.stdout.readline() or 0)


@asynccontextmanager
async def listeners(orders: Orders) -> AsyncIterator[Crowd]:
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.bench.listeners", stdin=pipe, stdout=pipe
    )
    crowd = Crowd(process)
    try:
        await crowd.begin(orders)
        yield crowd
    finally:
        await crowd.leave()


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(_listen(msgspec.json.decode(sys.stdin.buffer.readline(), type=Orders)))
