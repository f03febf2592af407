"""The relay: takes committed events from the outbox to the bus, in order, until the bus has confirmed each.

Several relays may run at once: each partition is sent by the holder of its advisory lock, for one portion. The lock
belongs to a session and not to a transaction, so that none is open while the broker is waited for. What the bus has
confirmed is marked as sent after each portion, also after one that failed: a slow broker delays, it stops nothing.

An event can arrive twice (the inbox drops it) and never out of order, even if two relays ever sent one partition at
once: each of them sends without a gap and begins at an event whose predecessors have arrived.
"""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from shared.db.databases import Database
from shared.db.system_session import SystemSession
from shared.errors import Unavailable
from shared.events.envelope import encode
from shared.messaging.bus import Bus, OutgoingMessage, PublishFailed
from shared.messaging.event_log import read_epoch
from shared.messaging.outbox import ENVELOPE_COLUMNS, EVENT_SIZE, PARTITIONS, envelope_of
from shared.messaging.redaction import ANY, is_redacted
from shared.telemetry.logs import get_logger

POLL_SECONDS = 0.05
FIRST_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 2.0
PORTION_ROWS = 400
PORTION_BYTES = 1024 * 1024
"""Of event data, sent before anything is marked; one event that is larger is a portion of its own."""

SESSION_IDLE_SECONDS = 30.0
"""Longer than any portion takes: PORTION_ROWS, 50 of them under way at once, each confirmed within 3 seconds."""

_LOCK_CLASS = 0x7E55E7A
"""First half of the advisory locks' key; the second is the number of the partition."""

_OLDEST_UNSENT = "select extract(epoch from now() - min(time))::float8 as age from outbox where sent_at is null"
_HAS_UNSENT = "select exists (select from outbox where sent_at is null) as is_there"
_LOCK_BUSY_PARTITIONS = """
with busy as materialized (
    select number from generate_series(0, $2::int - 1) as number
    where exists (select from outbox where partition = number and sent_at is null)
)
select number from busy where pg_try_advisory_lock($1, number)
"""
_UNLOCK = "select pg_advisory_unlock_all()"
_NEXT_ROWS = f"""
select portion.*, {is_redacted("portion", ANY)} as is_redacted from (
    select e.*, sum(e.bytes) over (order by e.seq) - e.bytes as bytes_before
    from unnest($1::smallint[]) as held (number)
    cross join lateral (
        select seq, {ENVELOPE_COLUMNS}, redacted, {EVENT_SIZE} as bytes from outbox
        where partition = held.number and sent_at is null order by seq limit $2
    ) e
    order by e.seq limit $2
) portion where bytes_before < $3 order by seq
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
        self._portion_rows = PORTION_ROWS

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Relays until it is cancelled, through every outage of database and bus; what else it raises is a defect."""
        self._database.on_commit_with_events.append(self.wake)
        failures = _Failures()
        try:
            while True:
                try:
                    async with self._database.system_session(idle_timeout=SESSION_IDLE_SECONDS) as session:
                        await self._run_in(session, failures)
                except Unavailable as error:
                    await failures.back_off(error)
        finally:
            self._database.on_commit_with_events.remove(self.wake)

    async def age_seconds(self) -> float:
        """How long the oldest unsent event has been waiting; 0 when none is."""
        [row] = await self._database.system_rows(_OLDEST_UNSENT)
        return max(0.0, row["age"] or 0.0)

    async def _run_in(self, session: SystemSession, failures: "_Failures") -> None:
        """A bus that fails leaves the session as it is; a failure of the database ends it."""
        await self._prepare(session)
        while True:
            try:
                await self._relay_all(session)
            except PublishFailed as error:
                self._awake.set()
                await failures.back_off(error)
            else:
                failures.number = 0
                await self._rest()

    async def _prepare(self, session: SystemSession) -> None:
        self._awake.set()
        if not self._epoch:
            self._epoch = await read_epoch(self._database)
        if self._redeliver_since is not None:
            await session.execute(_FORGET_SENT, self._redeliver_since)
            self._redeliver_since = None

    async def _relay_all(self, session: SystemSession) -> None:
        """Woken, it need not look: there is something. What other processes have committed is found by looking."""
        if self._awake.is_set() or await _has_unsent(session):
            self._awake.clear()
            while await self._relay_portion(session):
                pass

    async def _relay_portion(self, session: SystemSession) -> bool:
        """Whether more may be left to send than what came meanwhile, or is in another relay's hands."""
        numbers = [row["number"] for row in await session.rows(_LOCK_BUSY_PARTITIONS, _LOCK_CLASS, PARTITIONS)]
        if not numbers:
            return False
        # Two statements: the second one's snapshot is younger than the locks.
        rows = await session.rows(_NEXT_ROWS, numbers, self._portion_rows, PORTION_BYTES)
        confirmed, failure = await self._publish(rows)
        if confirmed:
            await session.execute(_MARK_SENT, [row["id"] for row in rows[:confirmed]])
        await session.execute(_UNLOCK)  # whatever is raised before this ends the session, and the locks with it
        asked_for = self._portion_rows
        self._adapt(confirmed, failure)
        if failure is not None:
            raise failure
        return len(rows) >= asked_for or sum(row["bytes"] for row in rows) >= PORTION_BYTES

    async def _publish(self, rows: Sequence[dict[str, Any]]) -> tuple[int, PublishFailed | None]:
        """How many of them, from the first on, have been confirmed, and why not all."""
        try:
            await self._bus.publish([self._message(row) for row in rows])
        except PublishFailed as error:
            return error.confirmed, error
        except Exception as error:  # a bus that fails in a way of its own has confirmed nothing
            failure = PublishFailed(type(error).__name__)
            failure.__cause__ = error
            return 0, failure
        return len(rows), None

    def _adapt(self, confirmed: int, failure: PublishFailed | None) -> None:
        """After a failure no more is begun than the bus could confirm: the rest would only be sent twice."""
        self._portion_rows = max(1, confirmed) if failure else min(PORTION_ROWS, self._portion_rows * 2)

    def _message(self, row: dict[str, Any]) -> OutgoingMessage:
        body = encode(envelope_of(row, self._service, self._epoch))
        return OutgoingMessage(self._service, row["type"], row["id"], body, row["traceparent"])

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._awake.wait()
        except TimeoutError:
            return


class _Failures:
    """How many in a row, and the growing pause behind each."""

    def __init__(self) -> None:
        self.number = 0

    async def back_off(self, error: Exception) -> None:
        self.number += 1
        if self.number & (self.number - 1) == 0:  # 1, 2, 4, 8 ...: a long outage must not fill the log
            reason = type(error.__cause__ or error).__name__
            get_logger().warning("the outbox could not be relayed", reason=reason, failures=self.number)
        longest = min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** min(self.number, 10))
        await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - jitter


async def _has_unsent(session: SystemSession) -> bool:
    [unsent] = await session.rows(_HAS_UNSENT)
    return bool(unsent["is_there"])
