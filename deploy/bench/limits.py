"""What rate limits cost, and what a client notices when Redis dies under load.

`python -m deploy.bench.limits` measures one decision in memory and in Redis, requests a second of the gateway with and
without limits in turns, and how long requests take before and after a private Redis is killed or stops answering.
Needs nginx, wrk and redis-server.
"""

import asyncio
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import uvloop
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.bench.stage import (
    PATH,
    WIDE,
    access_token,
    auth_stand_in,
    free_ports,
    gateway,
    nginx,
    read_answer,
    serve,
    until_answering,
    wrk,
)
from deploy.local.redis import RedisNode
from deploy.machine import describe_machine
from gateway.health import CONNECTED
from gateway.rate_limit.limiter import Permit, RateLimiter
from gateway.rate_limit.memory_store import MemoryStore
from gateway.rate_limit.policies import Plan, Plans
from gateway.rate_limit.redis_store import RedisStore
from shared.principal import Tier
from shared.supervision import Supervisor
from shared.telemetry.logs import configure_logging

_DECISIONS = 20_000
_SHARED_DECISIONS = 2_000
_TOGETHER = 32
_ROUNDS = 3
_PROGRAM = ("deploy.bench.limits", "serve")
_CONNECTIONS = 16
_REQUESTS_PER_SECOND = 320
_SECONDS = 2.0  # of load before the fault, and after its first moments
_FIRST_SECONDS = 0.15  # what arrives so soon after the fault may have to wait for Redis


class Sample(NamedTuple):
    """Seconds: when a request was begun, and how long it took."""

    begun: float
    took: float


def main() -> None:
    for program in ("nginx", "wrk", "redis-server"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: this measurement needs nginx, wrk and redis-server")
    configure_logging("error")
    print(describe_machine())
    uvloop.run(measure())


async def measure() -> None:
    print("one decision over six windows (us):                wall      own CPU")
    _print_memory()
    with tempfile.TemporaryDirectory(prefix="tessera-limits-") as folder:
        async with RedisNode(Path(folder)) as redis:
            await _print_redis(redis)
            await _print_throughput(redis)
            for name, fault in (("killed", _kill), ("silent", _silence)):
                await _print_fault(redis, name, fault)


def _print_memory() -> None:
    limiter, plan = RateLimiter(MemoryStore(), None, lambda _: None), Plans(float(WIDE)).of_caller[Tier.FREE]
    subjects = (uuid4().hex, uuid4().hex)
    began = _clocks()
    for _ in range(_DECISIONS):
        permit = limiter.take(plan, subjects)
        assert permit is not None
        _ = permit.lines
    print(f"  in memory                                    {_since(began, _DECISIONS)}")


async def _print_redis(redis: RedisNode) -> None:
    limiter = RateLimiter(MemoryStore(), RedisStore(redis.url), lambda _: None)
    plan, subjects = Plans(float(WIDE)).of_caller[Tier.FREE], (uuid4().hex, uuid4().hex)
    await limiter.start(Supervisor())

    async def decide(count: int) -> None:
        for _ in range(count):
            _ = (await limiter.ask(plan, subjects)).lines

    for at_once in (1, _TOGETHER):
        began = _clocks()
        await asyncio.gather(*(decide(_SHARED_DECISIONS // at_once) for _ in range(at_once)))
        print(f"  in Redis, {at_once:2d} at once                         {_since(began, _SHARED_DECISIONS)}")
    assert limiter.state == CONNECTED
    await limiter.stop()


def _clocks() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(began: tuple[float, float], count: int) -> str:
    wall, own = ((now - then) / count * 1e6 for then, now in zip(began, _clocks(), strict=True))
    return f"{wall:8.1f}     {own:8.1f}"


async def _print_throughput(redis: RedisNode) -> None:
    kinds = {"none": {"LIMITS": "off"}, "in memory": {}, "in Redis": {"REDIS_URL": redis.url}}
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    ports, key = free_ports(), Ed25519PrivateKey.generate()
    token = access_token(key)
    with nginx(ports):
        async with auth_stand_in(ports.auth, key):
            for _ in range(_ROUNDS):
                for kind, environment in kinds.items():
                    with gateway(ports, program=_PROGRAM, **environment):
                        await until_answering(ports.gateway, token)
                        rates[kind].append(await wrk(ports.gateway, token))
    without = statistics.median(rates["none"])
    print(f"gateway, authenticated, wrk with 32 connections, median of {_ROUNDS} (requests/s):")
    for kind, measured in rates.items():
        rate = statistics.median(measured)
        print(f"  limits {kind:<25} {rate:7.0f}   ratio {rate / without:.2f}")


async def _print_fault(redis: RedisNode, name: str, fault: Callable[[RedisNode], Awaitable[None]]) -> None:
    ports, key = free_ports(), Ed25519PrivateKey.generate()
    token = access_token(key)
    with nginx(ports):
        async with auth_stand_in(ports.auth, key):
            with gateway(ports, REDIS_URL=redis.url):
                await until_answering(ports.gateway, token)
                samples: list[Sample] = []
                load = asyncio.create_task(_load(ports.gateway, token, samples))
                await asyncio.sleep(_SECONDS)
                at = time.perf_counter()
                await fault(redis)
                await load
    await _bring_back(redis)
    print(f"Redis {name} under {_REQUESTS_PER_SECOND} requests/s (ms):      p50      p99      max    requests")
    # What was under way at that moment is part of the first.
    _print_times("before", [one.took for one in samples if one.begun + one.took < at])
    first = [one.took for one in samples if at <= one.begun + one.took and one.begun < at + _FIRST_SECONDS]
    _print_times("the first after", first)
    _print_times("later", [one.took for one in samples if one.begun >= at + _FIRST_SECONDS])


def _print_times(name: str, times: list[float]) -> None:
    ordered = sorted(1000 * one for one in times)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"  {name:<32} {statistics.median(ordered):8.2f} {p99:8.2f} {ordered[-1]:8.2f}  {len(ordered):8d}")


async def _load(port: int, token: str, samples: list[Sample]) -> None:
    """Every connection at its own pace, whatever the others wait for. Ends the process on an answer but 200."""
    request = f"GET {PATH} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    start, pause = time.perf_counter(), _CONNECTIONS / _REQUESTS_PER_SECOND

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        due = start + pause * number / _CONNECTIONS
        while due < start + 2 * _SECONDS + _FIRST_SECONDS:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            begun = time.perf_counter()
            writer.write(request)
            await read_answer(reader)
            samples.append(Sample(begun, time.perf_counter() - begun))
            due += pause
        writer.close()

    await asyncio.gather(*(client(number) for number in range(_CONNECTIONS)))


async def _kill(redis: RedisNode) -> None:
    await redis.kill()


async def _silence(redis: RedisNode) -> None:
    os.kill(redis.pid, signal.SIGSTOP)


async def _bring_back(redis: RedisNode) -> None:
    try:
        os.kill(redis.pid, signal.SIGCONT)
    except ProcessLookupError:
        await redis.start()


class _Unlimited(RateLimiter):
    """For comparison: decides without counting."""

    def take(self, plan: Plan, subjects: object) -> Permit:
        return Permit(plan, (), 0.0, False, "")


def serve_with_limits_as_told() -> None:
    from gateway import app

    if os.environ.get("LIMITS") == "off":
        app.RateLimiter = _Unlimited  # type: ignore[attr-defined]
    serve()


if __name__ == "__main__":
    serve_with_limits_as_told() if sys.argv[1:] == ["serve"] else main()
