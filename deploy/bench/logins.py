"""What signing in costs, and what it gives away: time by account, logins a second and core, stalls of the event loop.

python -m deploy.bench.logins [--pairs 500]; exits with 1 when time tells an unknown address from a wrong password.

The service runs in this process, on a PostgreSQL of its own and beside a heartbeat in its event loop; the clients run
in another process.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import uvloop

from auth_service.accounts.passwords import LANES, MEMORY_KIB, PASSES, Passwords
from auth_service.app import create_app
from auth_service.settings import AuthSettings, database_config
from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_home import remove_data
from deploy.environment import Home, service_environment
from deploy.machine import describe_machine
from deploy.supervision.ports import free_port
from shared.db.databases import open_databases
from shared.db.migrate import migrate
from shared.http.server import Served, serving
from shared.messaging.memory import MemoryBus
from shared.settings import read_settings
from shared.telemetry.logs import configure_logging

WARM_UP = 20
LOGINS = 100
AT_ONCE = 16
HASHES = 50
BEAT_SECONDS = 0.001
GOAL_DIFFERENCE_MS, GOAL_STALL_MS = 1.0, 10.0


class Pairs(NamedTuple):
    """Milliseconds of refused logins that took turns, and turns at being first."""

    unknown: list[float]
    wrong: list[float]

    @property
    def difference(self) -> float:
        return statistics.median(one - other for one, other in zip(self.unknown, self.wrong, strict=True))


class Heartbeat:
    """The longest time in which the event loop ran nothing else, in milliseconds, since `reset`."""

    def __init__(self) -> None:
        self.longest = 0.0

    def reset(self) -> None:
        self.longest = 0.0

    async def beat(self) -> None:
        while True:
            begin = time.perf_counter()
            await asyncio.sleep(BEAT_SECONDS)
            self.longest = max(self.longest, (time.perf_counter() - begin - BEAT_SECONDS) * 1000)


async def measure(folder: Path, pairs: int) -> bool:
    """Whether the goals were met."""
    hash_ms = await _hash_milliseconds()
    async with _auth_service(folder) as url:
        heart = Heartbeat()
        beating = asyncio.create_task(heart.beat())
        with ProcessPoolExecutor(1, get_context("spawn")) as clients:
            loop = asyncio.get_running_loop()
            paired = await loop.run_in_executor(clients, paired_logins, url, pairs)
            heart.reset()
            await asyncio.sleep(1)
            idle = heart.longest
            heart.reset()
            seconds = await loop.run_in_executor(clients, many_logins, url)
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
    _tell(paired, hash_ms, LOGINS / seconds, idle, heart.longest)
    return abs(paired.difference) < GOAL_DIFFERENCE_MS


def _tell(paired: Pairs, hash_ms: float, rate: float, idle: float, stall: float) -> None:
    cores = os.cpu_count() or 1
    possible = 1000 / hash_ms
    unknown, wrong = (statistics.median(times) for times in paired)
    say(f"  {len(paired.wrong)} pairs of refused logins, one after the other (ms, medians):")
    say(f"    unknown address {unknown:7.3f}   wrong password {wrong:7.3f}")
    say(f"    median of the differences {paired.difference:+.3f}   goal below {GOAL_DIFFERENCE_MS:.0f}")
    say(f"  one argon2id hash ({MEMORY_KIB} KiB, {PASSES} passes, {LANES} lane): {hash_ms:.1f} ms of a core")
    say(f"  {LOGINS} logins, {AT_ONCE} at once: {rate:.0f} a second, {rate / cores:.1f} a second and core")
    say(f"    of {possible:.1f} that hashing alone would allow: ratio {rate / cores / possible:.2f}")
    say(f"  longest stall of the event loop meanwhile {stall:.1f} ms (idle {idle:.1f})   goal {GOAL_STALL_MS:.0f}")


async def _hash_milliseconds() -> float:
    """Of one hash with nothing beside it."""
    passwords, times = Passwords(threads=1), []
    for _ in range(HASHES):
        begin = time.perf_counter()
        await passwords.hash("correct horse battery")
        times.append((time.perf_counter() - begin) * 1000)
    passwords.close()
    return statistics.median(times)


def paired_logins(url: str, pairs: int) -> Pairs:
    """In the process of the clients."""

    async def run() -> Pairs:
        async with api_client(url) as ada, api_client(url) as stranger:
            email = (await ada.register()).user["email"]
            bodies = [{"email": each, "password": "not the one"} for each in ("nobody@example.com", email)]
            times: list[list[float]] = [[], []]
            for number in range(2 * (WARM_UP + pairs)):
                which = (number + number // 2) % 2
                begin = time.perf_counter()
                await stranger.expect(401, "POST", "/auth/login", bodies[which])
                times[which].append((time.perf_counter() - begin) * 1000)
            return Pairs(*(taken[WARM_UP:] for taken in times))

    return uvloop.run(run())


def many_logins(url: str) -> float:
    """Seconds, in the process of the clients."""

    async def log_in(client: ApiClient, email: str, turn: asyncio.Semaphore) -> None:
        body = {"email": email, "password": "correct horse battery"}
        async with turn:
            await client.expect(200, "POST", "/auth/login", body)

    async def run() -> float:
        async with api_client(url) as ada, api_client(url) as client:
            email, turn = (await ada.register()).user["email"], asyncio.Semaphore(AT_ONCE)
            begin = time.perf_counter()
            await asyncio.gather(*(log_in(client, email, turn) for _ in range(LOGINS)))
            return time.perf_counter() - begin

    return uvloop.run(run())


@asynccontextmanager
async def _auth_service(folder: Path) -> AsyncIterator[str]:
    environ = {**os.environ, "TESSERA_HOME": str(folder), "RATE_LIMIT_SCALE": "1000000"}
    home = Home(environ)
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(EmbeddedPostgres(home.folder / "postgres"))
        urls = await home.prepare_databases(postgres.admin_url)
        await migrate("auth", urls["auth"].owner)
        settings = read_settings(AuthSettings, service_environment(environ, home, urls))
        config = database_config(settings)
        databases = await stack.enter_async_context(open_databases(config))
        bus = MemoryBus()
        await bus.start()
        stack.push_async_callback(bus.close)
        app, port = create_app(settings, database=databases[config.name], bus=bus), free_port()
        await stack.enter_async_context(serving([Served(app, "127.0.0.1", port)]))
        yield f"http://127.0.0.1:{port}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure signing in: what it costs and what its time gives away.")
    parser.add_argument("--pairs", type=int, default=500)
    pairs = parser.parse_args().pairs
    configure_logging("error")
    say(f"{describe_machine()}")
    with tempfile.TemporaryDirectory(prefix="tessera-logins-") as folder:
        is_met = uvloop.run(measure(Path(folder), pairs))
        remove_data(Path(folder) / "postgres")
    sys.exit(0 if is_met else "the time of a refusal tells whether there is such an account")


if __name__ == "__main__":
    main()
