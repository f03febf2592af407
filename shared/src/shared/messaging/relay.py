"""The relay: takes committed events from the outbox to the bus, in order, until the bus has confirmed each.

Several relays may run at once: each partition is sent by the holder of its advisory lock, for one portion. The lock
belongs to a session and not to a transaction, so that none is open while the broker is waited for. What the bus has
confirmed is marked as sent after each portion, also after one that failed: a slow broker delays, it stops nothing. What
a full queue has refused is kept for that queue alone.

An event can arrive twice (the inbox drops it) and never out of order, even if two relays ever sent one partition at
once: each of them sends without a gap and begins at an event whose predecessors have arrived.
"""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.db.databases import Database
from shared.db.system_session import SystemSession
from shared.errors import Unavailable
from shared.events.envelope import encode
from shared.messaging.backlog import Backlog, Kept
from shared.messaging.bus import Bus, Offered, OutgoingMessage, PublishFailed
from shared.messaging.outbox import ENVELOPE_COLUMNS, EVENT_SIZE, PARTITION_LOCK, PARTITIONS, envelope_of
from shared.messaging.redaction import ANY, is_redacted
from shared.messaging.timeline import EPOCH
from shared.supervision import rest
from shared.telemetry.logs import get_logger

POLL_SECONDS = 0.05
FIRST_BACKOFF_SECONDS = 0.1
MAX_BACKOFF_SECONDS = 2.0
PORTION_ROWS = 400
PORTION_BYTES = 1024 * 1024
"""Of event data, sent before anything is marked; one event that is larger is a portion of its own."""

SESSION_IDLE_SECONDS = 30.0
"""Longer than any portion takes: PORTION_ROWS, 50 of them under way at once, each confirmed within 3 seconds."""

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
select portion.*, (select {EPOCH} from event_log_epoch) as epoch,
       {is_redacted("portion", ANY)} as is_redacted
from (
    select e.*, waiting.queues as waiting_queues, sum(e.bytes) over (order by e.seq) - e.bytes as bytes_before
    from unnest($1::smallint[]) as held (number)
    cross join lateral (
        select array(
            select queue from unnest($4::text[]) as queue
            where exists (select from outbox_backlog b where b.queue = queue.queue and b.partition = held.number)
        ) as queues offset 0
    ) waiting
    cross join lateral (
        select seq, partition, {ENVELOPE_COLUMNS}, redacted, {EVENT_SIZE} as bytes from outbox
        where partition = held.number and sent_at is null order by seq limit $2
    ) e
    order by e.seq limit $2
) portion where bytes_before < $3 order by seq
"""  # noqa: S608 - made of constants
_FORGET_SENT = "update outbox set sent_at = null where sent_at > now() - $1::interval"


class Relay:
    """`redeliver_since`: what was sent in that time is sent again at the start, for a bus that forgets."""

    def __init__(self, database: Database, bus: Bus, service: str, *, redeliver_since: timedelta | None = None) -> None:
        self._database = database
        self._bus = bus
        self._service = service
        self._redeliver_since = redeliver_since
        self._backlog = Backlog(database, bus, self._message)
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

    async def backlog_ages(self) -> dict[str, float]:
        """By queue, for how many seconds the oldest event that it had no room for has been waiting; 0 when none is."""
        return await self._backlog.ages()

    async def _run_in(self, session: SystemSession, failures: "_Failures") -> None:
        """A bus that fails leaves the session as it is; a failure of the database ends it."""
        await self._prepare(session)
        while True:
            try:
                await self._take_turns(session)
            except PublishFailed as error:
                await session.execute(_UNLOCK)
                self._awake.set()
                await failures.back_off(error)
            else:
                failures.number = 0
                await rest(self._awake, POLL_SECONDS)

    async def _prepare(self, session: SystemSession) -> None:
        self._awake.set()
        await self._backlog.delete_removed(session)
        if self._redeliver_since is not None:
            await session.execute(_FORGET_SENT, self._redeliver_since)
            self._redeliver_since = None

    async def _take_turns(self, session: SystemSession) -> None:
        """A portion of new events, then one for a queue that catches up; whoever is not done is awake for the next.

        Woken, it need not look: there is something. What other processes have committed is found by looking.
        """
        has_more = False
        if self._awake.is_set() or await _has_unsent(session):
            self._awake.clear()
            has_more = await self._relay_portion(session)
        if await self._backlog.offer(session) or has_more:
            self._awake.set()

    async def _relay_portion(self, session: SystemSession) -> bool:
        """Whether more may be left to send than what came meanwhile, or is in another relay's hands."""
        numbers = [row["number"] for row in await session.rows(_LOCK_BUSY_PARTITIONS, PARTITION_LOCK, PARTITIONS)]
        if not numbers:
            return False
        # Two statements: the second one's snapshot is younger than the locks.
        rows = await session.rows(_NEXT_ROWS, numbers, self._portion_rows, PORTION_BYTES, self._bus.queues)
        offered, failure = await self._offer(rows)
        if offered.number:
            sent = rows[: offered.number]
            await self._backlog.mark_sent(session, [row["id"] for row in sent], _kept(sent, offered.refused))
        await session.execute(_UNLOCK)  # a database that fails before this ends the session, and the locks with it
        asked_for = self._portion_rows
        self._adapt(offered.number, failure)
        if failure is not None:
            raise failure
        is_cut = len(rows) >= asked_for or sum(row["bytes"] for row in rows) >= PORTION_BYTES
        return is_cut or offered.number < len(rows)

    async def _offer(self, rows: Sequence[dict[str, Any]]) -> tuple[Offered, PublishFailed | None]:
        """What became of them, and why not of all."""
        try:
            return await self._bus.offer([self._message(row) for row in rows]), None
        except PublishFailed as error:
            return Offered(error.confirmed, error.refused), error
        except Exception as error:  # a bus that fails in a way of its own has confirmed nothing
            failure = PublishFailed(type(error).__name__)
            failure.__cause__ = error
            return Offered(0, {}), failure

    def _adapt(self, confirmed: int, failure: PublishFailed | None) -> None:
        """After a failure no more is begun than the bus could confirm: the rest would only be sent twice."""
        self._portion_rows = max(1, confirmed) if failure else min(PORTION_ROWS, self._portion_rows * 2)

    def _message(self, row: Mapping[str, Any]) -> OutgoingMessage:
        body = encode(envelope_of(row, self._service, row["epoch"]))
        waiting = frozenset(row.get("waiting_queues", ()))
        return OutgoingMessage(self._service, row["type"], row["id"], body, row["traceparent"], waiting)


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


def _kept(rows: Sequence[dict[str, Any]], refused: Mapping[UUID, frozenset[str]]) -> Iterator[Kept]:
    """For queues that have refused an event, and for those that still wait for earlier ones of its partition."""
    for row in rows:
        for queue in refused.get(row["id"], frozenset()).union(row["waiting_queues"]):
            yield Kept(queue, row["partition"], row["seq"], row["id"])


async def _has_unsent(session: SystemSession) -> bool:
    [unsent] = await session.rows(_HAS_UNSENT)
    return bool(unsent["is_there"])
