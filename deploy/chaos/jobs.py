"""Jobs of three replicas while workers, broker and database are killed -9: lost, twice in effect, out of order?

python -m deploy.chaos.jobs [--seconds 60] [--rate 200]; exits with 1 when any of the three happened.

Half of the jobs have a key and run in its order. Each job writes a row into a ledger in the transaction that ends it;
the ledger is compared with what was enqueued.
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import uvloop

from deploy.console import say
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_home import remove_data
from deploy.job_stage import (
    CHAIN,
    LOOSE,
    TENANTS,
    StageConfig,
    Stamp,
    WorkerProcess,
    make_stage,
    stage_databases,
    workers,
)
from deploy.local.rabbitmq import RabbitMQNode
from deploy.machine import describe_machine
from deploy.supervision.errors import ServerError
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.db.failures import DatabaseUnavailable, TransactionConflict
from shared.ids import new_id
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue, NewJob
from shared.jobs.worker import JobWorker
from shared.messaging.bus import Bus
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.telemetry.logs import configure_logging
from shared.telemetry.metrics import Metrics

REPLICAS = 3
WRITERS = 20
"""Each has a key of its own: what is enqueued for one key must not cross."""

KILL_SECONDS = 2.0
STALLED_SECONDS = 75.0
"""When no job ends for so long, none will: two leases of killed workers are over by then."""

RETRIED = "0.02"
Kill = Callable[[], Awaitable[None]]


class Enqueued(NamedTuple):
    """`certain`: the commit was confirmed; of the others nobody knows."""

    certain: set[tuple[str, int]]
    uncertain: set[tuple[str, int]]


class Verdict(NamedTuple):
    enqueued: int
    done: int
    lost: int
    twice: int
    out_of_order: int
    left: int
    kills: int
    settled_seconds: float

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.twice or self.out_of_order or self.left)

    def lines(self) -> list[str]:
        return [f"  {name.replace('_', ' '):<16} {value:g}" for name, value in self._asdict().items()]


async def play(
    config: StageConfig, seconds: float, rate: int, kills: Sequence[Kill], settings: dict[str, str]
) -> Verdict:
    """`kills` beside those of workers, one after the other over the time."""
    bus = RabbitBus(config.amqp_url, f"jobs-load-{new_id().hex[-8:]}")
    await bus.start()
    try:
        async with stage_databases(config) as database, workers(config, REPLICAS, settings) as processes:
            return await _under_fire(database, bus, processes, seconds, rate, kills)
    finally:
        await bus.close()


async def _under_fire(
    database: Database, bus: Bus, processes: Sequence[WorkerProcess], seconds: float, rate: int, kills: Sequence[Kill]
) -> Verdict:
    queue = JobQueue(SystemClock())
    announcer = JobWorker(database, queue, bus, SystemClock(), JobMetrics(Metrics("load")), "stage")
    announcing = asyncio.create_task(announcer.announce())
    enqueued, end = Enqueued(set(), set()), time.monotonic() + seconds
    pause = WRITERS / rate
    writing = [_write(database, queue, enqueued, number, pause, end) for number in range(WRITERS)]
    killing = asyncio.create_task(_kill_workers(processes, end))
    await asyncio.gather(*writing, _kill_others(kills, seconds))
    count = await killing
    settled, left = await _settle(database)
    announcing.cancel()
    return await _judge(database, enqueued, count + len(kills), settled, left)


async def _write(
    database: Database, queue: JobQueue, enqueued: Enqueued, writer: int, pause: float, end: float
) -> None:
    """What could not be enqueued in time, while the database was away, follows as fast as it can."""
    tenant_id, due = TENANTS[writer % len(TENANTS)], time.monotonic()
    for number in itertools.count(1):
        due += random.uniform(0.5, 1.5) * pause  # noqa: S311 - spreads them
        if due > end:
            return
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        kind, key = (CHAIN, f"key {writer}") if number % 2 else (LOOSE, f"loose {writer}")
        job = NewJob(Stamp(key, number), order_key=key if kind is CHAIN else None)
        try:
            async with database.unit_of_work(tenant_id) as work:
                await queue.add(work, kind, job)
            enqueued.certain.add((key, number))
        except (DatabaseUnavailable, TransactionConflict):
            enqueued.uncertain.add((key, number))


async def _kill_workers(processes: Sequence[WorkerProcess], end: float) -> int:
    count = 0
    while time.monotonic() + KILL_SECONDS < end:
        await asyncio.sleep(KILL_SECONDS)
        victim = random.choice(processes)  # noqa: S311 - which one does not matter
        await victim.kill()
        await victim.start()
        count += 1
    for process in processes:
        if process.has_ended:
            await process.start()
    return count


async def _kill_others(kills: Sequence[Kill], seconds: float) -> None:
    for kill in kills:
        await asyncio.sleep(seconds / (len(kills) + 1))
        await kill()


async def _settle(database: Database) -> tuple[float, int]:
    """Seconds until no job is left, or until none ends any more, and how many are left."""
    begin = changed = time.monotonic()
    left = await _left(database)
    while left and time.monotonic() - changed < STALLED_SECONDS:
        await asyncio.sleep(0.1)
        now_left = await _left(database)
        changed = changed if now_left == left else time.monotonic()
        left = now_left
    return time.monotonic() - begin, left


async def _left(database: Database) -> int:
    while True:
        with suppress(DatabaseUnavailable):
            [row] = await database.system_rows("select count(*)::int as jobs from jobs")
            return int(row["jobs"])
        await asyncio.sleep(0.1)


async def _judge(database: Database, enqueued: Enqueued, kills: int, settled: float, left: int) -> Verdict:
    rows = await database.system_rows("select key, number from ledger order by id")
    done = Counter((row["key"], row["number"]) for row in rows)
    by_key: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_key[row["key"]].append(row["number"])
    chains = [numbers for key, numbers in by_key.items() if key.startswith("key ")]
    return Verdict(
        enqueued=len(enqueued.certain),
        done=len(done),
        lost=len(enqueued.certain - done.keys()),
        twice=sum(count - 1 for count in done.values()),
        out_of_order=sum(later < earlier for numbers in chains for earlier, later in itertools.pairwise(numbers)),
        left=left,
        kills=kills,
        settled_seconds=settled,
    )


async def _restart(server: EmbeddedPostgres | RabbitMQNode) -> None:
    await server.kill()
    away = time.monotonic()
    await server.start()
    say(f"  {server.name} killed, back after {time.monotonic() - away:.1f} s")


async def _run(folder: Path, seconds: float, rate: int) -> Verdict:
    if not RabbitMQNode.is_installed():
        raise ServerError("there is no broker of our own to kill: install rabbitmq-server")
    async with EmbeddedPostgres(folder / "postgres") as postgres, RabbitMQNode(folder / "rabbitmq") as broker:
        _, config = await make_stage(postgres.admin_url, broker.url)
        kills = [lambda server=server: _restart(server) for server in (broker, postgres, broker, postgres)]
        return await play(config, seconds, rate, kills, {"JOB_RETRIED": RETRIED})


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill what runs jobs, and count what was lost or came out twice.")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=200, help="jobs a second")
    chosen = parser.parse_args()
    configure_logging("critical")  # outages are what this is about
    say(f"{describe_machine()}\n{chosen.rate} jobs/s for {chosen.seconds:.0f} s, {REPLICAS} replicas:")
    with tempfile.TemporaryDirectory(prefix="tessera-jobs-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may run under another account
        try:
            verdict = uvloop.run(_run(Path(folder), chosen.seconds, chosen.rate))
        except ServerError as error:
            sys.exit(str(error))
        finally:
            remove_data(Path(folder) / "postgres")
    say("\n".join(verdict.lines()))
    sys.exit(0 if verdict.is_clean else "a job was lost, done twice, or overtaken")


if __name__ == "__main__":
    main()
