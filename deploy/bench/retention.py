"""Pruning of a large event log and inbox: time and WAL of its transactions, and what a writer beside it notices.

python -m deploy.local.testbed -- python -m deploy.bench.retention [--topics 1000000] [--inbox 10000000] [--seconds 40]

In a database of its own, which is dropped afterwards; a million topics and ten million rows take 5 GB and some minutes.
One in 5,000 topics is busy: of its 5,000 events, each a day old or more, 4,000 have to go.
"""

import argparse
import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg

from deploy.console import say
from deploy.machine import describe_machine
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.db.migrate import model_modules
from shared.events.changes import Removed
from shared.events.projects import ProjectDeleted
from shared.ids import new_id
from shared.messaging.retention import EVENT_LOG, INBOX, OLD_EVENTS
from shared.retention import Pruning
from shared.testing.postgres import ADMIN_URL_VARIABLE, PostgresServer

SERVICE = "project"
BUSY_EVERY = 5_000
EVENTS_OF_BUSY = 5_000
WRITES_AT_ONCE = 4
MOST_SECONDS = 120.0

_FILL_TOPICS = """
with tenants as (
    select n, uuidv7(interval '-400 days' + n * interval '1 second') as id from generate_series(0, 999) n
), topics as (
    select t.id as tenant_id, 'tasks:' || gen_random_uuid() as topic,
           case when number % {busy} = 0 then {events} else 1 end as events
    from generate_series(1, $1::int) number join tenants t on t.n = number % 1000
), counted as (
    insert into topic_offsets (tenant_id, topic, last_offset) select tenant_id, topic, events from topics
), told as (
    select t.tenant_id, t.topic, number,
           now() - interval '25 hours' - (t.events - number + random()) / t.events * interval '30 days' as at
    from topics t, generate_series(1, t.events) number
), places as (
    insert into outbox_topics (tenant_id, topic, "offset", event_id, stored_at)
    select tenant_id, topic, number, uuidv7(at - now()), at from told
    returning tenant_id, topic, "offset", event_id, stored_at
)
insert into outbox (id, partition, type, subject, tenant_id, time, schema_version, data, size, topics, has_topics,
                    sent_at)
select event_id, 0, 'project.task.updated', 'x', tenant_id, stored_at, 1,
       json_build_object('text', repeat('x', 250)), 264,
       json_build_array(json_build_object('topic', topic, 'offset', "offset")), true, stored_at
from places
"""
_FILL_INBOX = """
insert into inbox (consumer, event_id, tenant_id, applied_at)
select 'project', uuidv7(at - now()), '00000000-0000-0000-0000-000000000000', at from (
    select now() - interval '14 days' + n * (interval '14 days' / $1::int) as at from generate_series(1, $1::int) n
) applied
"""


async def fill(owner_url: str, topics: int, inbox: int) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        for table in ("outbox_topics", "outbox", "topic_offsets", "inbox"):
            await connection.execute(f"alter table {table} no force row level security")
        await _timed(connection, "topics", _FILL_TOPICS.format(busy=BUSY_EVERY, events=EVENTS_OF_BUSY), topics)
        await _timed(connection, "inbox", _FILL_INBOX, inbox)
        for table in ("outbox_topics", "outbox", "topic_offsets", "inbox"):
            await connection.execute(f"alter table {table} force row level security")
        await connection.execute("analyze")
    finally:
        await connection.close()


async def _timed(connection: asyncpg.Connection, name: str, sql: str, count: int) -> None:
    begun = time.monotonic()
    await connection.execute(sql, count, timeout=600)
    say(f"  filled {name}: {count:,} in {time.monotonic() - begun:.1f} s")


class Writer:
    """Publishes one event after the other, and remembers how long each took."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tenant, self._topic = new_id(), f"project:{new_id()}"
        self.seconds: list[float] = []

    async def run(self) -> None:
        while True:
            begun = time.monotonic()
            event = ProjectDeleted(entity_id=new_id(), version=1, payload=Removed(new_id()))
            async with self._database.unit_of_work(self._tenant) as work:
                work.publish(event, topics=[self._topic], subject="x")
            self.seconds.append(time.monotonic() - begun)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def writing(database: Database, name: str) -> AsyncIterator[None]:
    writers = [Writer(database) for _ in range(WRITES_AT_ONCE)]
    tasks = [asyncio.create_task(writer.run()) for writer in writers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        say(f"  writer {name}: {_spread([each for writer in writers for each in writer.seconds])}")


async def prune(database: Database, pruning: Pruning, seconds: float) -> None:
    """With rests as long as the work, as the service does it."""
    delete, deadline = pruning.begin(), time.monotonic() + seconds
    times: list[float] = []
    deleted, is_last, wal = 0, False, await _wal(database)
    begun = time.monotonic()
    while not is_last and time.monotonic() < deadline:
        start = time.monotonic()
        async with database.system_work() as work:
            portion = await delete(work, datetime.now(UTC))
        times.append(time.monotonic() - start)
        deleted, is_last = deleted + portion.deleted, portion.is_last
        await asyncio.sleep(times[-1])
    total = time.monotonic() - begun
    written = (await _wal(database) - wal) >> 20
    say(
        f"  {pruning.name}: {deleted:,} rows in {len(times)} transactions, {total:.1f} s"
        f"{'' if is_last else ', stopped'} ({deleted / total:,.0f} rows/s with rests); WAL {written} MiB"
    )
    say(f"    a transaction: {_spread(times)}")


async def _wal(database: Database) -> int:
    [row] = await database.system_rows("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn as bytes")
    return int(row["bytes"])


def _spread(seconds: Sequence[float]) -> str:
    milliseconds = sorted(1000 * each for each in seconds) or [0.0]
    p99 = milliseconds[int(len(milliseconds) * 0.99)]
    return f"{len(seconds)}: p50 {statistics.median(milliseconds):.1f}, p99 {p99:.1f}, most {milliseconds[-1]:.1f} ms"


async def measure(database: Database, seconds: float) -> None:
    async with writing(database, "alone"):
        await asyncio.sleep(5)
    for pruning in (EVENT_LOG, OLD_EVENTS, INBOX):
        async with writing(database, f"beside `{pruning.name}`"):
            await prune(database, pruning, seconds)
    say("  once more, for what is left:")
    await prune(database, EVENT_LOG, seconds)


async def run(topics: int, inbox: int, seconds: float) -> None:
    server = PostgresServer(os.environ[ADMIN_URL_VARIABLE])
    name, urls = await server.migrated(SERVICE)
    try:
        await fill(urls.owner, topics, inbox)
        config = DatabaseConfig(SERVICE, urls.app, urls.system, model_modules(SERVICE))
        async with open_databases(config) as databases:
            await measure(databases[SERVICE], seconds)
    finally:
        await server.drop(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topics", type=int, default=1_000_000)
    parser.add_argument("--inbox", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=float, default=40.0)
    arguments = parser.parse_args()
    say(describe_machine())
    asyncio.run(run(arguments.topics, arguments.inbox, min(arguments.seconds, MOST_SECONDS)))


if __name__ == "__main__":
    main()
