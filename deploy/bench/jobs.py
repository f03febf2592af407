"""Jobs: what enqueueing costs, how many run a second, how soon, and what a backlog costs others.

python -m deploy.bench.jobs [NAME ...]: about two minutes, with servers of its own. Each job writes one row. What
enqueueing costs is the difference to the same transaction without it, in one run.
"""

import argparse
import asyncio
import random
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import uvloop

from deploy.console import say
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_home import remove_data
from deploy.job_stage import CHAIN, LOOSE, TENANTS, StageConfig, Stamp, make_stage, stage_databases, workers
from deploy.local import provision
from deploy.machine import describe_machine
from deploy.supervision.errors import ServerError
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.ids import new_id
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue, NewJob
from shared.jobs.worker import JobWorker
from shared.messaging.memory import MemoryBus
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.telemetry.logs import configure_logging
from shared.telemetry.metrics import Metrics

TRANSACTIONS = 500
THROUGHPUT_JOBS = 2_000
SAMPLES, POLLED_SAMPLES, CANCELS = 100, 6, 10
BACKLOG, BLOCKED, BESIDE = 100_000, 20_000, 500
POLL_PAUSE = 5.0
"""At most, between two jobs that wait for polling: one falls at any moment of the interval."""

LOOK_SECONDS = 0.005
WAIT_SECONDS = 60.0
ACME, GLOBEX = TENANTS[:2]

_FILL = """
insert into jobs (id, kind, tenant_id, order_key, payload, status, due_at, created_at)
select gen_random_uuid(), $1, $2, $3, json_build_object('key', $4::text, 'number', n), 'queued', now(), now()
from generate_series(1, $5::int) n
"""
_EMPTY = "delete from jobs where ctid = any(array(select ctid from jobs where status <> 'running' limit $1))"
PORTION = 5_000
"""Rows of one statement: it has five seconds."""


class Stage(NamedTuple):
    """`queue` announces what it enqueues to the workers of other processes."""

    database: Database
    queue: JobQueue
    config: StageConfig

    async def add(self, tenant_id: UUID, *jobs: NewJob[Stamp], kind: JobKind[Stamp] = LOOSE) -> list[UUID]:
        async with self.database.unit_of_work(tenant_id) as work:
            return await self.queue.add_all(work, kind, jobs)

    async def fill(self, kind: JobKind[Stamp], key: str, count: int, order_key: str | None = None) -> None:
        """Jobs of the first tenant, without announcing them."""
        for _ in range(0, count, PORTION):
            await self.execute(_FILL, kind.name, ACME, order_key, key, min(count, PORTION))

    async def empty(self) -> None:
        """Nothing waits any more, and nothing runs."""
        while await self.execute(_EMPTY, PORTION):
            pass
        await self.until("select not exists (select from jobs)")

    async def value(self, sql: str, *args: object) -> object:
        [row] = await self.database.system_rows(f"select ({sql}) as value", *args)
        return row["value"]

    async def execute(self, sql: str, *args: object) -> int:
        async with self.database.system_work() as work:
            return await work.execute(sql, *args)

    async def until(self, sql: str, *args: object) -> float:
        """Seconds until it is true."""
        begin = time.monotonic()
        while not await self.value(sql, *args):
            if time.monotonic() - begin > WAIT_SECONDS:
                raise TimeoutError(sql)
            await asyncio.sleep(LOOK_SECONDS)
        return time.monotonic() - begin

    async def until_done(self, key: str, count: int) -> float:
        return await self.until("select count(*) = $2 from ledger where key = $1", key, count)


async def enqueue_cost(stage: Stage) -> str:
    """Interleaved, so that both see the same machine."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for number in range(2 * TRANSACTIONS):
        is_with, begin = bool(number % 2), time.perf_counter()
        async with stage.database.unit_of_work(ACME) as work:
            await work.execute("insert into ledger (job_id, key, number) values ($1, 'cost', 0)", new_id())
            if is_with:
                await stage.queue.add(work, LOOSE, Stamp("cost", number))
        times[is_with].append((time.perf_counter() - begin) * 1e6)
    plain, both = (statistics.median(times[which]) for which in (False, True))
    await stage.empty()
    return f"enqueue: 1 statement, {both - plain:.0f} us more than the transaction without it ({plain:.0f} us)"


async def throughput(stage: Stage, count: int) -> str:
    async with workers(stage.config, count, {}):
        await _warm_up(stage, count)
        rate = await _rate(stage, f"rate {count}", THROUGHPUT_JOBS)
    return f"{count} worker{'s' if count > 1 else ''}: {rate:.0f} jobs/s"


async def _warm_up(stage: Stage, count: int) -> None:
    """Until every one of the workers runs jobs."""
    while await stage.value("select count(distinct worker) from jobs where status = 'running'") != count:
        if await stage.value("select count(*) from jobs") == 0:
            await stage.add(ACME, *(NewJob(Stamp("warm", number, 0.5)) for number in range(10 * count)))
        await asyncio.sleep(LOOK_SECONDS)
    await stage.until("select not exists (select from jobs)")


async def _rate(stage: Stage, key: str, jobs: int) -> float:
    await stage.fill(LOOSE, key, jobs)
    stage.queue.on_added()
    await stage.until_done(key, jobs)
    seconds = await stage.value("select extract(epoch from max(at) - min(at))::float8 from ledger where key = $1", key)
    assert isinstance(seconds, float)
    return (jobs - 1) / seconds


async def same_process_latency(stage: Stage) -> str:
    began: dict[int, float] = {}

    async def handle(job: Job[Stamp]) -> None:
        began[job.payload.number] = time.perf_counter()

    queue, clock = JobQueue(SystemClock()), SystemClock()
    worker = JobWorker(stage.database, queue, MemoryBus(), clock, JobMetrics(Metrics("bench")), "stage")
    worker.on(LOOSE, handle)
    running = asyncio.create_task(worker.run())
    delays = []
    for number in range(SAMPLES):
        async with stage.database.unit_of_work(ACME) as work:
            await queue.add(work, LOOSE, Stamp("here", number))
        committed = time.perf_counter()
        while number not in began:
            await asyncio.sleep(0)
        delays.append(max(0.0, began[number] - committed))
        await stage.until("select not exists (select from jobs)")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return f"woken in the same process: {_shown(delays)}, commit to handler"


async def other_process_latency(stage: Stage) -> str:
    async with workers(stage.config, 1, {}):
        await _warm_up(stage, 1)
        delays = await _delays(stage, "woken", SAMPLES, 0.0)
    return f"woken in another process through RabbitMQ: {_shown(delays)}, commit to the row written"


async def polled_latency(stage: Stage) -> str:
    """The worker's broker is an address where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        config = stage.config._replace(amqp_url=f"amqp://127.0.0.1:{unused.getsockname()[1]}/")
        async with workers(config, 1, {}):
            await _warm_up(stage, 1)
            delays = await _delays(stage, "polled", POLLED_SAMPLES, POLL_PAUSE)
    return f"found by polling, without a broker: {_shown(delays)} ({POLLED_SAMPLES} jobs)"


async def _delays(stage: Stage, key: str, count: int, pause: float) -> list[float]:
    delays = []
    for number in range(count):
        await asyncio.sleep(random.uniform(0.0, pause))  # noqa: S311 - any moment will do
        await stage.add(ACME, NewJob(Stamp(key, number)))
        committed = time.time()
        await stage.until("select exists (select from ledger where key = $1 and number = $2)", key, number)
        sql = "select extract(epoch from at)::float8 from ledger where key = $1 and number = $2"
        written = await stage.value(sql, key, number)
        assert isinstance(written, float)
        delays.append(max(0.0, written - committed))
    return delays


async def cancel_latency(stage: Stage) -> str:
    delays = []
    async with workers(stage.config, 1, {}):
        await _warm_up(stage, 1)
        for number in range(CANCELS):
            [job_id] = await stage.add(ACME, NewJob(Stamp("cancel", number, 20.0)))
            await stage.until("select status = 'running' from jobs where id = $1", job_id)
            async with stage.database.unit_of_work(ACME) as work:
                await stage.queue.cancel(work, job_id)
            delays.append(await stage.until("select status = 'cancelled' from jobs where id = $1", job_id))
    await stage.empty()
    return f"cancel of a running job in another process: {_shown(delays)}"


async def take_over(stage: Stage) -> str:
    async with workers(stage.config, 1, {}) as [victim]:
        await _warm_up(stage, 1)
        await stage.add(ACME, NewJob(Stamp("taken over", 1, 1.0)))
        await stage.until("select exists (select from jobs where status = 'running')")
        await victim.kill()
        async with workers(stage.config, 1, {}):
            seconds = await stage.until_done("taken over", 1)
    return f"taken over after kill -9: {seconds:.1f} s, the handler's second included"


async def second_tenant(stage: Stage) -> str:
    async with workers(stage.config, 1, {}):
        await _warm_up(stage, 1)
        await stage.fill(LOOSE, "backlog", BACKLOG)
        stage.queue.on_added()
        await stage.until("select exists (select from ledger where key = 'backlog')")
        delays = []
        for number in range(SAMPLES // 5):
            await stage.add(GLOBEX, NewJob(Stamp("second", number)))
            delays.append(await stage.until_done("second", number + 1))
        left = await stage.value("select count(*) from jobs")
        await stage.empty()
    return f"a second tenant's job behind {left} of the first: {_shown(delays)}"


async def blocked_key(stage: Stage) -> str:
    async with workers(stage.config, 1, {}):
        await _warm_up(stage, 1)
        alone = await _rate(stage, "alone", BESIDE)
        later = SystemClock().now() + timedelta(hours=1)
        await stage.add(ACME, NewJob(Stamp("head", 0), order_key="k", at=later), kind=CHAIN)
        await stage.fill(CHAIN, "blocked", BLOCKED, order_key="k")
        stage.queue.on_added()
        seconds = await stage.until("select not exists (select from jobs where status = 'queued')")
        beside = await _rate(stage, "beside", BESIDE)
        await stage.empty()
    return (
        f"{BLOCKED} jobs behind one waiting head: put aside once, in {seconds:.1f} s; then others run at "
        f"{beside:.0f} jobs/s, without them at {alone:.0f}"
    )


def _shown(delays: Sequence[float]) -> str:
    ordered = sorted(delays)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"p50 {statistics.median(ordered) * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms"


async def one_worker(stage: Stage) -> str:
    return await throughput(stage, 1)


async def three_workers(stage: Stage) -> str:
    return await throughput(stage, 3)


MEASUREMENTS: dict[str, Callable[[Stage], Awaitable[str]]] = {
    "enqueue": enqueue_cost,
    "one-worker": one_worker,
    "three-workers": three_workers,
    "same-process": same_process_latency,
    "other-process": other_process_latency,
    "polling": polled_latency,
    "cancel": cancel_latency,
    "second-tenant": second_tenant,
    "blocked-key": blocked_key,
    "take-over": take_over,
}


@asynccontextmanager
async def _stage(folder: Path) -> AsyncIterator[Stage]:
    async with EmbeddedPostgres(folder / "postgres") as postgres, provision.broker(folder / "rabbitmq") as broker:
        _, config = await make_stage(postgres.admin_url, broker.url)
        bus, clock = RabbitBus(broker.url, "jobs-bench"), SystemClock()
        await bus.start()
        async with stage_databases(config) as database:
            queue = JobQueue(clock)
            announcer = JobWorker(database, queue, bus, clock, JobMetrics(Metrics("bench")), "stage")
            announcing = asyncio.create_task(announcer.announce())
            yield Stage(database, queue, config)
            announcing.cancel()
        await bus.close()


async def run(folder: Path, names: Sequence[str]) -> None:
    async with _stage(folder) as stage:
        for name in names:
            say(f"  {await MEASUREMENTS[name](stage)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure jobs on servers of their own.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(MEASUREMENTS)}; all if none is given")
    names = parser.parse_args().names or list(MEASUREMENTS)
    if unknown := set(names) - MEASUREMENTS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    configure_logging("error")
    say(describe_machine())
    with tempfile.TemporaryDirectory(prefix="tessera-jobs-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL may run under another account
        try:
            uvloop.run(run(Path(folder), names))
        except ServerError as error:
            sys.exit(str(error))
        finally:
            remove_data(Path(folder) / "postgres")


if __name__ == "__main__":
    main()
