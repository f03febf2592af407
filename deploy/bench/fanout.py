"""One event to many subscribers: a realtime node beside Node's `ws` and stock Sanic, with the same clients.

python -m deploy.bench.fanout [--subscribers 1000 2000 10000] [--deliveries 100000]

Deliveries per second of the server's own processor time are the fair figure where clients share the cores.
"""

import argparse
import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, cast

import sanic
import uvloop
from sanic.server.protocols.websocket_protocol import WebSocketProtocol
from sanic.server.websockets.impl import WebsocketImplProtocol as Websocket

from deploy.bench import live_stage, node_program
from deploy.bench.stage import cpu_seconds
from deploy.console import say
from deploy.machine import describe_machine
from deploy.supervision.ports import free_port
from shared.http.server import Served, serving

_NODE = Path(__file__).parent / "node_ws"
_PATIENCE_SECONDS = 60.0
_AT_ONCE = 200  # handshakes under way
_SUBSCRIBE = b'{"action":"subscribe","topic":"%b"}' % live_stage.TOPIC.encode()


class Result(NamedTuple):
    per_second: float
    per_cpu_second: float
    one_event_ms: float
    """From its publication until the last client has it; the best of several."""
    frame_bytes: int


def main() -> None:
    parser = argparse.ArgumentParser(description="Fan-out of one topic.")
    parser.add_argument("--subscribers", type=int, nargs="+", default=[1000, 2000, 10_000])
    parser.add_argument("--deliveries", type=int, default=200_000, help="of each server with each crowd")
    parser.add_argument("--servers", nargs="+", default=["tessera", "node", "sanic"])
    chosen = parser.parse_args()
    say(f"{describe_machine()}; {node_program.version() if _can_run_node() else 'without node'}")
    for count in chosen.subscribers:
        uvloop.run(_compare(chosen.servers, count, chosen.deliveries))


def _can_run_node() -> bool:
    return node_program.why_not(_NODE) is None


async def _compare(servers: list[str], count: int, deliveries: int) -> None:
    say(f"{count} subscribers")
    rates: dict[str, Result] = {}
    size = 0
    for name in servers:
        if name == "node" and not _can_run_node():
            continue
        port = free_port()
        async with _server(name, port, size) as server, crowd_of(_this("clients", str(port), str(count))) as crowd:
            rates[name] = result = await measure(server, crowd, count, max(1, deliveries // count))
            size = result.frame_bytes  # the others send as much
        say(
            f"  {name:8} {result.per_second:9,.0f} deliveries/s  {result.per_cpu_second:9,.0f} per CPU second"
            f"  an event: {count / result.per_cpu_second * 1000:6.1f} ms of processor time, all have it after"
            f" {result.one_event_ms:6.1f} ms"
        )
    if {"tessera", "node"} <= rates.keys():
        ours, reference = rates["tessera"], rates["node"]
        say(
            f"  tessera / node ws: {ours.per_second / reference.per_second:.2f} by the clock, "
            f"{ours.per_cpu_second / reference.per_cpu_second:.2f} by processor time (goal 1.0)"
        )


class Server(NamedTuple):
    process: asyncio.subprocess.Process

    def publish(self, number: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"%d\n" % number)

    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid)


class Crowd(NamedTuple):
    process: asyncio.subprocess.Process

    async def frames(self, number: int) -> tuple[float, int]:
        """When every client has got that many more frames, by the monotonic clock, and the bytes of text in each."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"%d\n" % number)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            moment, size = (await self.process.stdout.readline()).split()
        return float(moment), int(size)


async def measure(server: Server, crowd: Crowd, count: int, events: int) -> Result:
    singles = []
    for _ in range(5):
        started = time.monotonic()
        server.publish(1)
        moment, size = await crowd.frames(1)
        singles.append(moment - started)
    cpu, started = server.cpu_seconds(), time.monotonic()
    server.publish(events)
    ended, _ = await crowd.frames(events)
    spent = max(0.01, server.cpu_seconds() - cpu)
    return Result(events * count / (ended - started), events * count / spent, min(singles) * 1000, size)


@asynccontextmanager
async def _server(name: str, port: int, size: int) -> AsyncIterator[Server]:
    environment, node_port = dict(os.environ), {"PORT": str(port), "PAYLOAD_BYTES": str(size)}
    live = {**live_stage.environment(port), "PING_SECONDS": "3600"}  # a ping would be taken for a part of an event
    command, settings = {
        "tessera": ([sys.executable, "-m", "deploy.bench.live_stage", "obey"], live),
        "node": (["node", str(_NODE / "server.mjs")], {**environment, **node_port}),
        "sanic": (_this("sanic", str(port), str(size)), environment),
    }[name]
    async with child(command, settings) as process:
        await until_listening(port)
        yield Server(process)


@asynccontextmanager
async def crowd_of(command: list[str]) -> AsyncIterator[Crowd]:
    """All its clients are connected."""
    async with child(command, dict(os.environ)) as process:
        assert process.stdout is not None
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await process.stdout.readline()
        yield Crowd(process)


@asynccontextmanager
async def child(command: list[str], environment: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is talked with over its standard input and output; it is stopped in the end."""
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdin=pipe, stdout=pipe)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def until_listening(port: int) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


class _Client(asyncio.Protocol):
    """Hears one answer to its subscription, then frames of one size."""

    def __init__(self, tally: "Tally") -> None:
        self._tally = tally
        self._head = bytearray()
        self.is_subscribed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(live_stage.handshake())

    def data_received(self, data: bytes) -> None:
        if self.is_subscribed.done():
            self._tally.add(data)
            return
        self._head += data
        _, end, rest = self._head.partition(b"\r\n\r\n")
        if end and not rest:
            self._transport.write(masked(_SUBSCRIBE))
        elif b'"subscribed"' in rest:
            self.is_subscribed.set_result(None)


class Tally:
    """Bytes of all clients, and whether those that are waited for are there."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._received = self._frame = self._frames = 0
        self._is_enough = asyncio.Event()
        self._wanted = 0

    def add(self, data: bytes) -> None:
        if not self._frame:
            self._frame = _frame_length(data)
        self._received += len(data)
        if self._received >= self._wanted * self._frame:
            self._is_enough.set()

    async def more(self, frames: int) -> str:
        self._wanted += frames * self._count
        self._is_enough.clear()
        while not self._frame or self._received < self._wanted * self._frame:
            await self._is_enough.wait()
            self._is_enough.clear()
        return f"{time.monotonic()} {self._frame - 4}"


def _frame_length(data: bytes) -> int:
    """Of 126 bytes and more, which all of these are."""
    return 4 + int.from_bytes(data[2:4], "big")


def masked(text: bytes) -> bytes:
    """With zeros, which is as good as any mask here."""
    return bytes((0x81, 0x80 | len(text))) + bytes(4) + text


async def _clients(port: int, count: int) -> None:
    tally, numbers, loop = Tally(count), iter(range(count)), asyncio.get_running_loop()

    async def open_some() -> None:
        for _ in numbers:
            _, client = await loop.create_connection(lambda: _Client(tally), "127.0.0.1", port)
            await client.is_subscribed

    await asyncio.gather(*(open_some() for _ in range(_AT_ONCE)))
    say("open")
    async for line in live_stage.lines():
        say(await tally.more(int(line)))


async def _serve_sanic(port: int, size: int) -> None:
    """As its manual shows it."""
    app, clients, text = sanic.Sanic("stock"), set[Websocket](), "x" * size
    app.config.update(WEBSOCKET_PING_INTERVAL=None, ACCESS_LOG=False)
    app.ctx.protocol = WebSocketProtocol

    async def feed(_request: sanic.Request, ws: Websocket) -> None:
        await ws.recv()
        clients.add(ws)
        await ws.send('{"action":"subscribed"}')
        await ws.recv()

    app.add_websocket_route(feed, "/ws")
    async with serving([Served(app, "127.0.0.1", port)]):
        async for line in live_stage.lines():
            for _ in range(int(line)):
                for client in tuple(clients):
                    await client.send(text)


def raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _this(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deploy.bench.fanout", *arguments]


if __name__ == "__main__":
    raise_file_limit()
    match sys.argv[1:]:
        case ["clients", port, count]:
            uvloop.run(_clients(int(port), int(count)))
        case ["sanic", port, size]:
            uvloop.run(_serve_sanic(int(port), int(size)))
        case _:
            main()
