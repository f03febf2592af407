"""Live connections through the gateway, more of them than one address has ports for, and what each costs in memory.

python -m deploy.bench.connections [--count 30000] [--sources 127.0.0.1]
python -m deploy.bench.connections --realtime --count 10000

Behind is one address that says 101 to everybody and then nothing, or with `--realtime` a node of ours. Where the system
allows a process too few open files (a pipe needs two), the connections are spread over several gateways; to that one
address all of them count.
"""

import argparse
import asyncio
import os
import resource
import subprocess
import sys
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.bench import live_stage
from deploy.bench.stage import Ports, access_token, auth_stand_in, cpu_seconds, free_ports, gateway, running
from deploy.console import say
from deploy.machine import describe_machine
from deploy.supervision.ports import free_port

_SPARE_FILES = 1_200  # the reserve of the gateway, and a few
_AT_ONCE = 100  # handshakes under way in one process of clients
_CLIENTS = 9_000  # of one process
_ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
_HANDSHAKE = (
    "GET /ws HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer {token}\r\n\r\n"
)
_TOKEN = "BENCH_ACCESS_TOKEN"  # noqa: S105 - the name of a variable
_WARM = 200  # connections before memory is looked at
_SETTLE_SECONDS = 2.0
_IDLE_SECONDS = 26.0  # pings come every 25 s
_NODE = [sys.executable, "-m", "deploy.bench.live_stage"]


@dataclass
class Share:
    """One gateway and the connections that go through it."""

    ports: Ports
    count: int
    process: int = 0
    opened: int = 0
    began_bytes: int = 0

    def bytes_each(self) -> float:
        return (_resident_bytes(self.process) - self.began_bytes) / max(1, self.opened - _WARM)


def main() -> None:
    parser = argparse.ArgumentParser(description="Many live connections through the gateway.")
    parser.add_argument("--count", type=int, default=30_000)
    parser.add_argument("--realtime", action="store_true", help="a realtime node behind the gateway")
    parser.add_argument("--sources", default="", help="UPSTREAM_SOURCE_ADDRESSES; by default the gateway's own choice")
    chosen = parser.parse_args()
    uvloop.run(_measure(chosen.count, chosen.sources, has_node=chosen.realtime))


async def _measure(count: int, sources: str, *, has_node: bool) -> None:
    files = _raise_file_limit()
    say(f"{describe_machine()}, {files} open files a process")
    key, upstream = Ed25519PrivateKey.generate(), free_port()
    shares = _shares(count, (files - _SPARE_FILES) // 2, upstream)
    with ExitStack() as started:
        node = started.enter_context(running(_NODE, live_stage.environment(upstream))) if has_node else None
        for _ in range(0 if has_node else -(-count // (files - _SPARE_FILES))):
            started.enter_context(running(_this("upstream", str(upstream)), dict(os.environ)))
        for share in shares:
            settings = {"REALTIME_URL": f"http://127.0.0.1:{upstream}", "UPSTREAM_SOURCE_ADDRESSES": sources}
            share.process = started.enter_context(gateway(share.ports, **settings))
        async with AsyncExitStack() as stand_ins:
            for share in shares:
                await stand_ins.enter_async_context(auth_stand_in(share.ports.auth, key))
            stand_ins.push_async_callback(_let_go)
            await _open_all(shares, access_token(key), node)
    opened = sum(share.opened for share in shares)
    say(f"{opened} of {count} connections to one upstream address open at once, through {len(shares)} gateway(s)")


def _shares(count: int, most: int, upstream: int) -> list[Share]:
    number = -(-count // most)
    shares = []
    for index in range(number):
        ports = free_ports()._replace(upstream=upstream)
        shares.append(Share(ports, count // number + (index < count % number)))
    return shares


async def _open_all(shares: list[Share], token: str, node: int | None) -> None:
    for share in shares:
        share.opened += await _clients(share, min(_WARM, share.count), token)
        share.began_bytes = _resident_bytes(share.process)
    warm, node_began, started = sum(share.opened for share in shares), node and _resident_bytes(node), time.monotonic()
    processes = [*(share.process for share in shares), *([node] if node else [])]
    spent = -sum(map(cpu_seconds, processes))
    async with asyncio.TaskGroup() as group:
        for share in shares:
            group.create_task(_fill(share, token))
    opened = sum(share.opened for share in shares) - warm
    spent += sum(map(cpu_seconds, processes))
    rate = opened / (time.monotonic() - started)
    say(f"  {rate:6.0f} connections opened a second, {spent / max(1, opened) * 1000:.2f} ms of our processor time each")
    await asyncio.sleep(_SETTLE_SECONDS)
    for share in shares:
        say(f"  {share.opened:6} connections, {share.bytes_each() / 1024:5.1f} KiB each in the gateway (goal 10)")
    if node is not None:
        each = (_resident_bytes(node) - (node_began or 0)) / max(1, opened)
        say(f"  {opened + warm:6} connections, {each / 1024:5.1f} KiB each in realtime (goal 10)")
        await _say_idle({"gateway": shares[0].process, "realtime": node})


async def _say_idle(processes: dict[str, int]) -> None:
    """Over one round of pings."""
    before = {name: cpu_seconds(process) for name, process in processes.items()}
    await asyncio.sleep(_IDLE_SECONDS)
    for name, process in processes.items():
        share = (cpu_seconds(process) - before[name]) / _IDLE_SECONDS
        say(f"  {share:6.1%} of a core in {name} while nothing happens but pings")


async def _fill(share: Share, token: str) -> None:
    while (missing := share.count - share.opened) > 0:
        wanted = min(_CLIENTS, missing)
        opened = await _clients(share, wanted, token)
        share.opened += opened
        if opened == 0:
            return  # some may fail on a busy machine; none at all means that there is no room


async def _clients(share: Share, count: int, token: str) -> int:
    """A process that opens connections and holds them until this one ends; how many it got."""
    process = await asyncio.create_subprocess_exec(
        *_this("clients", str(share.ports.gateway), str(count)),
        env={**os.environ, _TOKEN: token},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    _HOLDING.append(process)
    assert process.stdout is not None
    return int(await process.stdout.readline())


_HOLDING: list[asyncio.subprocess.Process] = []
"""They end with their standard input, at the latest with this process."""


async def _let_go() -> None:
    for process in _HOLDING:
        assert process.stdin is not None
        process.stdin.close()
    await asyncio.gather(*(process.wait() for process in _HOLDING))


async def _hold_clients(port: int, count: int, token: str) -> None:
    numbers, handshake = iter(range(count)), _HANDSHAKE.format(token=token).encode()
    held: list[asyncio.Transport] = []

    async def open_some() -> None:
        for number in numbers:
            source = f"127.0.1.{1 + (os.getpid() + number) % 250}"
            transport = await _handshake(port, source, handshake)
            if transport is not None:
                held.append(transport)

    await asyncio.gather(*(open_some() for _ in range(_AT_ONCE)))
    say(str(len(held)))
    await asyncio.to_thread(sys.stdin.read)


class _Client(asyncio.Protocol):
    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        if not self.answer.done():
            self.answer.set_result(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_result(b"")


async def _handshake(port: int, source: str, handshake: bytes) -> asyncio.Transport | None:
    loop = asyncio.get_running_loop()
    try:
        transport, client = await loop.create_connection(_Client, "127.0.0.1", port, local_addr=(source, 0))
        transport.write(handshake)
        answer = await asyncio.wait_for(client.answer, 30)
    except OSError:
        return None
    if answer.startswith(b"HTTP/1.1 101 "):
        return transport
    transport.close()
    return None


class _Upstream(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if data.endswith(b"\r\n\r\n"):
            self._transport.write(_ACCEPTED)


async def _serve_upstream(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Upstream, "127.0.0.1", port, backlog=4096, reuse_port=True)
    await server.serve_forever()


def _raise_file_limit() -> int:
    """For this process and the ones it starts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _resident_bytes(process: int) -> int:
    pages = Path(f"/proc/{process}/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def _this(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "deploy.bench.connections", *arguments]


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["upstream", port]:
            uvloop.run(_serve_upstream(int(port)))
        case ["clients", port, count]:
            uvloop.run(_hold_clients(int(port), int(count), os.environ[_TOKEN]))
        case _:
            main()
