"""One reader in a hundred reads nothing: what the others notice, what it costs, and how it ends.

python -m deploy.bench.stalled [--subscribers 2000] [--stalled 20]

Rounds with and without them alternate, so that the machine's own drift falls on both alike.
"""

import argparse
import asyncio
import os
import re
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import aiohttp
import uvloop

from deploy.bench import live_stage
from deploy.bench.fanout import Server, child, masked, raise_file_limit, until_listening
from deploy.console import say
from deploy.machine import describe_machine
from deploy.supervision.ports import free_port

_ROUNDS = 2
_ROUND_SECONDS = 5.0
_EVENTS_PER_SECOND = 20
_PADDING_BYTES = 2_000
_BURST = 10_000  # events that no stalled reader's buffers can hold, the system's own included
_BURST_STEP = 100
_SUBSCRIBE = masked(b'{"action":"subscribe","topic":"%b"}' % live_stage.TOPIC.encode())
_STAMP = re.compile(live_stage.STAMP + rb"(\d{20})")
_CLOSED = re.compile(rb'tessera_live_closes_total\{code="4008"[^}]*\} (\d+)')


def main() -> None:
    parser = argparse.ArgumentParser(description="Slow readers among many.")
    parser.add_argument("--subscribers", type=int, default=2000)
    parser.add_argument("--stalled", type=int, default=20)
    chosen = parser.parse_args()
    raise_file_limit()
    uvloop.run(_measure(chosen.subscribers, chosen.stalled))


async def _measure(subscribers: int, stalled: int) -> None:
    port = free_port()
    environment = {**live_stage.environment(port), "PADDING_BYTES": str(_PADDING_BYTES)}
    command = [sys.executable, "-m", "deploy.bench.live_stage", "obey"]
    readers = [Reader() for _ in range(subscribers - stalled)]
    say(f"{describe_machine()}; {subscribers} subscribers, {stalled} of them stalled in every second round")
    async with child(command, environment) as process:
        await until_listening(port)
        await _connect(readers, port)
        await _compare(Server(process), readers, port, stalled)


async def _compare(server: Server, readers: "list[Reader]", port: int, stalled: int) -> None:
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(_ROUNDS):
        alone += await _round(server, readers)
        with ExitStack() as stack:
            for _ in range(stalled):
                stack.callback(_hang_up, await _stall(port))
            beside += await _round(server, readers)
    without, with_ = _p99(alone), _p99(beside)
    say(f"  p99 of the others: {without:.1f} ms alone, {with_:.1f} ms beside stalled ones; ratio {with_ / without:.2f}")
    for reader in readers:
        reader.hang_up()
    await _overwhelm(server, port, stalled)


async def _overwhelm(server: Server, port: int, stalled: int) -> None:
    writers = [await _stall(port) for _ in range(stalled)]
    before, closed, started = _resident_mib(server), await _closed(port), time.monotonic()
    most = before
    for _ in range(0, _BURST, _BURST_STEP):
        server.publish(_BURST_STEP)
        await asyncio.sleep(0.1)
        most = max(most, _resident_mib(server))
        if await _closed(port) - closed >= stalled:
            break
    ended = await _closed(port) - closed
    took = time.monotonic() - started
    say(f"  {ended} of {stalled} stalled readers closed with 4008, {took:.1f} s after a burst began")
    say(f"  the node's memory: {before:.0f} MiB before, {most:.0f} MiB at most")
    for writer in writers:
        _hang_up(writer)


async def _round(server: Server, readers: "list[Reader]") -> list[float]:
    """Milliseconds from publication to each reader."""
    for reader in readers:
        reader.delays = []
    for _ in range(int(_ROUND_SECONDS * _EVENTS_PER_SECOND)):
        server.publish(1)
        await asyncio.sleep(1 / _EVENTS_PER_SECOND)
    await asyncio.sleep(1.0)
    return [delay for reader in readers for delay in reader.delays]


def _p99(delays: list[float]) -> float:
    return sorted(delays)[int(len(delays) * 0.99)]


class Reader(asyncio.Protocol):
    def __init__(self) -> None:
        self.delays: list[float] = []
        self._head = b""
        self.is_subscribed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(live_stage.handshake())

    def hang_up(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self.is_subscribed.is_set():
            now = time.monotonic_ns()
            self.delays += [(now - int(stamp)) / 1e6 for stamp in _STAMP.findall(data)]
            return
        self._head += data
        if self._head.endswith(b"\r\n\r\n"):
            self._transport.write(_SUBSCRIBE)
        elif b'"subscribed"' in self._head:
            self.is_subscribed.set()


async def _connect(readers: list[Reader], port: int) -> None:
    loop = asyncio.get_running_loop()
    for reader in readers:
        await loop.create_connection(lambda reader=reader: reader, "127.0.0.1", port)  # type: ignore[misc]
    for reader in readers:
        await reader.is_subscribed.wait()


async def _stall(port: int) -> asyncio.StreamWriter:
    """Subscribes, then reads nothing any more; its own buffer is small."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=4096)
    writer.write(live_stage.handshake())
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_SUBSCRIBE)
    await reader.readuntil(b'"subscribed"')
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    return writer


def _hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _closed(port: int) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/metrics") as answer:
        found = _CLOSED.search(await answer.read())
    return int(found[1]) if found else 0


def _resident_mib(server: Server) -> float:
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
