"""What a refused request costs the gateway, beside a good one: processor time, in one run.

`python -m deploy.bench.refusals` sends the same number of requests of each kind over a few connections to a gateway
process with a stand-in for auth-service and a trivial upstream, in turns, and prints the gateway's processor time for
each and its ratio to that of a good request. The goal: no kind above 0.5, apart from credentials that nobody has
shown before, which have to be looked into once. Needs nothing but this project.
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple, cast
from uuid import uuid4

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.bench.stage import (
    KEY_ID,
    PATH,
    access_token,
    auth_stand_in,
    free_ports,
    gateway,
    until_answering,
)
from deploy.console import say
from deploy.machine import describe_machine
from shared.access_tokens import mint_access_token
from shared.principal import Principal, Role
from shared.session_cookie import SESSION_COOKIE

GOAL = 0.5
_REQUESTS = 400  # of a kind in a round
_ROUNDS = 20
_CONNECTIONS = 16
_GOOD = "good token"
_ANSWER = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 23\r\n\r\n{"data":{"name":"one"}}'


class Kind(NamedTuple):
    header: Callable[[], str]
    status: int
    is_new_each_time: bool = False
    """A credential that was never shown before: the goal is for those that were."""
    is_limited: bool = False
    """Sent to the gateway whose limits are used up."""


class _Upstream(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._transport.write(_ANSWER * data.count(b"\r\n\r\n"))


def main() -> None:
    say(describe_machine())
    uvloop.run(measure())


async def measure() -> None:
    key = Ed25519PrivateKey.generate()
    token = access_token(key)
    kinds = _kinds(key, token)
    ports, limited = free_ports(), free_ports()
    limited = limited._replace(auth=ports.auth, upstream=ports.upstream)
    async with _upstream(ports.upstream), auth_stand_in(ports.auth, key):
        with gateway(ports) as wide, gateway(limited, RATE_LIMIT_SCALE="0.2") as narrow:
            for port in (ports.gateway, limited.gateway):
                await until_answering(port, token)
            ways = {False: (ports.gateway, wide), True: (limited.gateway, narrow)}
            await _use_up(limited.gateway, kinds)
            _print(kinds, await _costs(kinds, ways))


def _kinds(key: Ed25519PrivateKey, token: str) -> dict[str, Kind]:
    numbers = count()
    expired = mint_access_token(_principal(), key, KEY_ID, datetime.now(UTC) - timedelta(hours=1), 900)
    forged = access_token(Ed25519PrivateKey.generate())
    head, _, signature = forged.rpartition(".")

    def new_forgery() -> str:
        return f"Authorization: Bearer {head}.{next(numbers):06d}{signature[6:]}"

    return {
        _GOOD: Kind(lambda: f"Authorization: Bearer {token}", 200),
        "expired token": Kind(lambda: f"Authorization: Bearer {expired}", 401),
        "forged token": Kind(lambda: f"Authorization: Bearer {forged}", 401),
        "forged token, each another": Kind(new_forgery, 401, is_new_each_time=True),
        "garbage": Kind(lambda: "Authorization: Bearer garbage", 401),
        "unknown key": Kind(lambda: "X-API-Key: tsk_unknown", 401),
        "unknown key, each another": Kind(lambda: f"X-API-Key: tsk_{next(numbers)}", 401, is_new_each_time=True),
        "unknown cookie": Kind(lambda: f"Cookie: {SESSION_COOKIE}=unknown", 401),
        "no credential": Kind(lambda: "Accept: */*", 401),
        "caller's limit used up": Kind(lambda: f"Authorization: Bearer {token}", 429, is_limited=True),
        "address's limit used up": Kind(new_forgery, 429, is_limited=True),
    }


async def _use_up(port: int, kinds: Mapping[str, Kind]) -> None:
    """Of the narrow gateway: nothing but refusals may be measured there."""
    for name in ("caller's limit used up", "address's limit used up"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while await _status(reader, writer, kinds[name]) != 429:
            pass
        writer.close()


async def _costs(kinds: Mapping[str, Kind], ways: Mapping[bool, tuple[int, int]]) -> dict[str, float]:
    """Seconds of the gateway's processor time for one request, the least of the rounds: a busy machine only adds."""
    costs: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(_ROUNDS):
        for name, kind in kinds.items():
            port, process = ways[kind.is_limited]
            before = _cpu_seconds(process)
            share = _REQUESTS // _CONNECTIONS
            await asyncio.gather(*(_ask(port, kind, share) for _ in range(_CONNECTIONS)))
            costs[name].append((_cpu_seconds(process) - before) / _REQUESTS)
    return {name: min(taken) for name, taken in costs.items()}


async def _ask(port: int, kind: Kind, times: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(times):
        status = await _status(reader, writer, kind)
        if status != kind.status:
            sys.exit(f"the answer was {status} instead of {kind.status}")
    writer.close()


async def _status(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kind: Kind) -> int:
    writer.write(f"GET {PATH} HTTP/1.1\r\nHost: bench\r\n{kind.header()}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    if length is not None:
        await reader.readexactly(int(length[1]))
    return int(head[9:12])


def _cpu_seconds(process: int) -> float:
    """Of the thread that answers, exact to the nanosecond: rounds may be short, so what disturbs one disturbs all."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


def _print(kinds: Mapping[str, Kind], costs: Mapping[str, float]) -> None:
    say(f"{_REQUESTS} requests of each kind, the least of {_ROUNDS} rounds (us of processor, ratio to a good one):")
    for name, seconds in costs.items():
        ratio = seconds / costs[_GOOD]
        goal = "" if name == _GOOD or kinds[name].is_new_each_time else f"   goal {GOAL}"
        say(f"  {name:<28} {seconds * 1e6:7.0f}   {ratio:5.2f}{goal}")


def _principal() -> Principal:
    return Principal(user_id=uuid4(), tenant_id=uuid4(), session_id=uuid4(), role=Role.DEVELOPER)


@asynccontextmanager
async def _upstream(port: int) -> AsyncIterator[None]:
    server = await asyncio.get_running_loop().create_server(_Upstream, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


if __name__ == "__main__":
    main()
