"""The relay: takes committed events from the outbox to the bus, in order, until the bus has confirmed each.

Several relays may run at once: each partition is sent by whoever holds its advisory lock, for one batch.
A failed batch is rolled back and sent again from its first unconfirmed event, so that an event can arrive
twice (the inbox drops it) and never out of order.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.envelope import encode
from shared.messaging.bus import Bus, OutgoingMessage, PublishFailed
from shared.messaging.event_log import read_epoch
from shared.messaging.outbox import ENVELOPE_COLUMNS, PARTITIONS, envelope_of
from shared.telemetry.logs import get_logger

POLL_SECONDS = 0.05
FIRST_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 2.0
ROWS_PER_PARTITION = 200
ROWS_PER_BATCH = 800
"""What a broker confirms well within the bus's publish timeout."""

_LOCK_CLASS = 0x7E55E7A
"""First half of the advisory locks' key; the second is the number of the partition."""

_OLDEST_UNSENT = "select extract(epoch from now() - min(time))::float8 as age from outbox where sent_at is null"
_HAS_UNSENT = "select exists (select from outbox where sent_at is null) as is_there"
_LOCK_BUSY_PARTITIONS = """
with busy as materialized (
    select number from generate_series(0, $2::int - 1) as number
    where exists (select from outbox where partition = number and sent_at is null)
)
select number from busy where pg_try_advisory_xact_lock($1, number)
"""
_NEXT_ROWS = f"""
select e.seq, {ENVELOPE_COLUMNS}
from unnest($1::smallint[]) as held (number)
cross join lateral (
    select * from outbox where partition = held.number and sent_at is null order by seq limit $2
) e
order by e.seq limit $3
"""  # noqa: S608 - made of constants
_MARK_SENT = "update outbox set sent_at = now() where id = any($1::uuid[])"
_FORGET_SENT = "update outbox set sent_at = null where sent_at > now() - $1::interval"


class Relay:
    """`redeliver_since`: what was sent in that time is sent again at the start, for a bus that forgets."""

    def __init__(self, database: Database, bus: Bus, service: str, *, redeliver_since: timedelta | None = None) -> None:
        self._database = database
        self._bus = bus
        self._service = service
        self._redeliver_since = redeliver_since
        self._epoch = ""
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Relays until it is cancelled; outlives every failure of database and bus."""
        self._database.on_commit_with_events.append(self.wake)
        failures = 0
        try:
            while True:
                try:
                    await self._prepare()
                    await self._relay_all()
                except Exception as error:
                    failures += 1
                    _log_failure(error, failures)
                    await asyncio.sleep(_backoff(failures))
                else:
                    failures = 0
                    await self._rest()
        finally:
            self._database.on_commit_with_events.remove(self.wake)

    async def age_seconds(self) -> float:
        """How long the oldest unsent event has been waiting; 0 when none is."""
        [row] = await self._database.system_rows(_OLDEST_UNSENT)
        return max(0.0, row["age"] or 0.0)

    async def _prepare(self) -> None:
        if not self._epoch:
            self._epoch = await read_epoch(self._database)
        if self._redeliver_since is not None:
            async with self._database.system_work() as work:
                await work.execute(_FORGET_SENT, self._redeliver_since)
            self._redeliver_since = None

    async def _relay_all(self) -> None:
        """Who was woken need not look: there is something. What others have committed is found by looking."""
        if self._awake.is_set() or await self._has_unsent():
            self._awake.clear()
            while await self._relay_batch():
                pass

    async def _has_unsent(self) -> bool:
        [unsent] = await self._database.system_rows(_HAS_UNSENT)
        return bool(unsent["is_there"])

    async def _relay_batch(self) -> bool:
        """Whether more may be left to send than what came meanwhile, or is in another relay's hands."""
        failure: PublishFailed | None = None
        async with self._database.system_work() as work:
            # Two statements: the second one's snapshot is younger than the locks.
            held = await work.rows(_LOCK_BUSY_PARTITIONS, _LOCK_CLASS, PARTITIONS)
            numbers = [row["number"] for row in held]
            rows = await work.rows(_NEXT_ROWS, numbers, ROWS_PER_PARTITION, ROWS_PER_BATCH) if numbers else []
            if not rows:
                return False
            try:
                await self._bus.publish([self._message(row) for row in rows])
            except PublishFailed as error:
                failure = error
                rows = rows[: error.confirmed]
            await _mark_sent(work, rows)
        if failure is not None:
            raise failure
        return len(rows) >= ROWS_PER_PARTITION

    def _message(self, row: dict[str, Any]) -> OutgoingMessage:
        body = encode(envelope_of(row, self._service, self._epoch))
        return OutgoingMessage(self._service, row["type"], row["id"], body, row["traceparent"])

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._awake.wait()
        except TimeoutError:
            return


async def _mark_sent(work: Work, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await work.execute(_MARK_SENT, [row["id"] for row in rows])


def _backoff(failures: int) -> float:
    longest = min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** min(failures, 10))
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter


def _log_failure(error: Exception, failures: int) -> None:
    if failures & (failures - 1) == 0:  # 1, 2, 4, 8 ...: a long outage must not fill the log
        get_logger().warning("the outbox could not be relayed", reason=type(error).__name__, failures=failures)
