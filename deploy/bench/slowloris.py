"""What a hundred slow clients cost the others: latency through the gateway without and with them, in turns.

python -m deploy.bench.slowloris [--slow 100] [--seconds 4]

A third of them drips heads, a third drips bodies, a third asks and never reads. Whoever is thrown out comes back.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.bench.stage import PATH, access_token, auth_stand_in, free_ports, gateway, nginx, running, until_answering
from deploy.console import say
from deploy.machine import describe_machine

_ROUNDS = 3
_CALLERS = 4
_PAUSE_SECONDS = 0.002  # between two calls of one caller: the gateway is to be busy, not full
_DRIP_SECONDS = 0.2
_SETTLE_SECONDS = 3.0  # until all slow clients are there
_TOKEN = "BENCH_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
_UNREAD = 200  # requests of one that does not read its answers

Misbehave = Callable[[asyncio.StreamWriter, str], Awaitable[None]]


def main() -> None:
    parser = argparse.ArgumentParser(description="Slow clients and what they do to the others.")
    parser.add_argument("--slow", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=4.0)
    chosen = parser.parse_args()
    uvloop.run(_measure(chosen.slow, chosen.seconds))


async def _measure(slow: int, seconds: float) -> None:
    ports, key = free_ports(), Ed25519PrivateKey.generate()
    token = access_token(key)
    alone: list[float] = []
    beside: list[float] = []
    with nginx(ports), gateway(ports):
        async with auth_stand_in(ports.auth, key):
            await until_answering(ports.gateway, token)
            for _ in range(_ROUNDS):
                alone += await _call(ports.gateway, token, seconds)
                async with _slow_clients(ports.gateway, token, slow):
                    beside += await _call(ports.gateway, token, seconds)
    say(describe_machine())
    for name, times in (("without slow clients", alone), (f"with {slow} of them", beside)):
        cuts = statistics.quantiles(times, n=100)
        say(f"  {name:<22} p50 {cuts[49]:6.2f} ms   p99 {cuts[98]:6.2f} ms   of {len(times)} answers, all 200")


async def _call(port: int, token: str, seconds: float) -> list[float]:
    """Milliseconds of every call."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end:
            began = time.perf_counter()
            writer.write(_request(token))
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 "):
                raise SystemExit(f"unexpected answer: {head[:40]!r}")
            await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]))
            times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(_PAUSE_SECONDS)
        writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(_CALLERS):
            group.create_task(caller())
    return times


@asynccontextmanager
async def _slow_clients(port: int, token: str, count: int) -> AsyncIterator[None]:
    """In a process of their own, so that only the gateway has to do with them."""
    command = [sys.executable, "-m", "deploy.bench.slowloris", "slow", str(port), str(count)]
    with running(command, {**os.environ, _TOKEN: token}):
        await asyncio.sleep(_SETTLE_SECONDS)
        yield


async def _be_slow(port: int, token: str, count: int) -> None:
    kinds = (_drip_head, _drip_body, _never_read)
    await asyncio.gather(*(_again_and_again(kinds[number % 3], port, token) for number in range(count)))


async def _again_and_again(misbehave: Misbehave, port: int, token: str) -> None:
    while True:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        try:
            with suppress(OSError):
                await misbehave(writer, token)
        finally:
            writer.transport.abort()


async def _drip_head(writer: asyncio.StreamWriter, _token: str) -> None:
    writer.write(f"GET {PATH} HTTP/1.1\r\nHost: bench\r\nX: ".encode())
    await _drip(writer)


async def _drip_body(writer: asyncio.StreamWriter, token: str) -> None:
    head = _request(token).removesuffix(b"\r\n").replace(b"GET", b"POST")
    writer.write(head + b"Content-Length: 100000\r\n\r\n")
    await _drip(writer)


async def _drip(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(_DRIP_SECONDS)


async def _never_read(writer: asyncio.StreamWriter, token: str) -> None:
    writer.transport.pause_reading()  # type: ignore[attr-defined] # a StreamWriter's transport can read as well
    writer.write(_request(token) * _UNREAD)
    await asyncio.sleep(60)


def _request(token: str) -> bytes:
    return f"GET {PATH} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["slow", port, count]:
            uvloop.run(_be_slow(int(port), os.environ[_TOKEN], int(count)))
        case _:
            main()
