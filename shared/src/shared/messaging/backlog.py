"""What full queues have not got yet: kept in order, offered again with growing pauses, and delayed for nobody else.

A queue that refuses one event of a partition gets the ones behind it from here as well, until nothing waits: so each
partition reaches each queue in order, whatever the other queues do.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from shared.db.databases import Database
from shared.db.system_session import SystemSession
from shared.messaging.bus import Bus, OutgoingMessage
from shared.messaging.outbox import ENVELOPE_COLUMNS, EVENT_SIZE, PARTITION_LOCK, PARTITIONS
from shared.messaging.redaction import ANY, is_redacted
from shared.messaging.timeline import EPOCH
from shared.telemetry.logs import get_logger

PORTION_ROWS = 50
"""Offered one by one, each confirmed within 3 seconds: in time for the session that holds the partition's lock."""

PORTION_BYTES = 1024 * 1024

LOOK_SECONDS = 1.0
"""Between two looks for something that waits."""

FIRST_PAUSE_SECONDS = 0.25
MAX_PAUSE_SECONDS = 5.0
"""Before a queue that took nothing is offered something again: one message each time, whatever waits."""

_MARK_SENT = """
with sent as (update outbox set sent_at = now() where id = any($1::uuid[]))
insert into outbox_backlog (queue, partition, seq, event_id)
select * from unnest($2::text[], $3::smallint[], $4::bigint[], $5::uuid[])
on conflict do nothing
"""
_WAITING = """
select queue, array_agg(number) as partitions
from unnest($1::text[]) as queue cross join generate_series(0, $2::int - 1) as number
where exists (select from outbox_backlog b where b.queue = queue.queue and b.partition = number)
group by queue
"""
_LOCK = "select number from unnest($2::smallint[]) as number where pg_try_advisory_lock($1, number)"
_UNLOCK = "select pg_advisory_unlock_all()"
_NEXT_ROWS = f"""
select portion.*, (select {EPOCH} from event_log_epoch) as epoch,
       {is_redacted("portion", ANY)} as is_redacted
from (
    select b.seq as place, o.*, coalesce(sum(o.bytes) over (order by b.seq) - o.bytes, 0) as bytes_before
    from (select seq, event_id from outbox_backlog where queue = $1 and partition = $2 order by seq limit $3) b
    left join lateral (
        select seq, {ENVELOPE_COLUMNS}, redacted, {EVENT_SIZE} as bytes from outbox where id = b.event_id
    ) o on true
) portion where bytes_before < $4 order by place
"""  # noqa: S608 - made of constants
_TAKEN = "delete from outbox_backlog where queue = $1 and partition = $2 and seq = any($3::bigint[])"
_OLDEST = """
select queue, extract(epoch from now() - min(oldest.time))::float8 as age
from unnest($1::text[]) as queue cross join generate_series(0, $2::int - 1) as number
cross join lateral (
    select o.time from outbox_backlog b join outbox o on o.id = b.event_id
    where b.queue = queue.queue and b.partition = number order by b.seq limit 1
) oldest
group by queue
"""


class Kept(NamedTuple):
    """An event that a full queue has to get later."""

    queue: str
    partition: int
    seq: int
    event_id: UUID


class Backlog:
    """`message_of` makes a message of a row with the ENVELOPE_COLUMNS, its `epoch` and `is_redacted`."""

    def __init__(
        self, database: Database, bus: Bus, message_of: Callable[[Mapping[str, Any]], OutgoingMessage]
    ) -> None:
        self._database = database
        self._bus = bus
        self._message_of = message_of
        self._pauses: dict[str, _Pause] = {}
        self._next_look = 0.0

    async def mark_sent(self, session: SystemSession, event_ids: Sequence[UUID], kept: Iterable[Kept]) -> None:
        """These events have been sent, but for what is kept for a full queue: both or nothing."""
        entries = list(kept)
        for queue in {entry.queue for entry in entries} - self._pauses.keys():
            self._pauses[queue] = _Pause()
            self._next_look = 0.0
            get_logger().warning("a queue is full: its events wait in the outbox", queue=queue)
        columns = zip(*entries, strict=True) if entries else ([], [], [], [])
        await session.execute(_MARK_SENT, event_ids, *map(list, columns))

    async def offer(self, session: SystemSession) -> None:
        """A portion for each queue that waits and whose pause is over. Raises PublishFailed."""
        if time.monotonic() < self._next_look:
            return
        waiting = {
            row["queue"]: row["partitions"] for row in await session.rows(_WAITING, self._bus.queues, PARTITIONS)
        }
        self._forget_all_but(waiting)
        for queue, partitions in waiting.items():
            pause = self._pauses.setdefault(queue, _Pause())
            if pause.is_over:
                pause.note(progress=await self._offer_to(session, queue, partitions))
        self._next_look = min([time.monotonic() + LOOK_SECONDS, *(pause.ends_at for pause in self._pauses.values())])

    async def ages(self) -> dict[str, float]:
        """By queue, for how many seconds the oldest event has been waiting; 0 where none is."""
        queues = self._bus.queues
        ages = dict.fromkeys(queues, 0.0)
        for row in await self._database.system_rows(_OLDEST, queues, PARTITIONS):
            ages[row["queue"]] = max(0.0, row["age"])
        return ages

    async def _offer_to(self, session: SystemSession, queue: str, partitions: Sequence[int]) -> bool:
        """Whether it took anything."""
        has_progressed = False
        for locked in await session.rows(_LOCK, PARTITION_LOCK, partitions):
            rows = await session.rows(_NEXT_ROWS, queue, locked["number"], PORTION_ROWS, PORTION_BYTES)
            taken = await self._send(queue, rows)
            await session.execute(_TAKEN, queue, locked["number"], taken)
            has_progressed = has_progressed or bool(taken)
            if len(taken) < len(rows):
                break
        await session.execute(_UNLOCK)
        return has_progressed

    async def _send(self, queue: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """The places of those that need not wait any more. An event that has been erased meanwhile is not sent."""
        present = [row for row in rows if row["id"] is not None]
        count = await self._bus.offer_to(queue, [self._message_of(row) for row in present])
        refused = present[count]["place"] if count < len(present) else None
        return [row["place"] for row in rows if refused is None or row["place"] < refused]

    def _forget_all_but(self, waiting: Mapping[str, object]) -> None:
        for queue in self._pauses.keys() - waiting.keys():
            del self._pauses[queue]
            get_logger().info("a queue has got all that waited for it", queue=queue)


class _Pause:
    """Grows while a queue takes nothing, and ends with the first message that it takes."""

    def __init__(self) -> None:
        self._seconds = FIRST_PAUSE_SECONDS
        self.ends_at = time.monotonic() + self._seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at

    def note(self, *, progress: bool) -> None:
        self._seconds = FIRST_PAUSE_SECONDS if progress else min(MAX_PAUSE_SECONDS, self._seconds * 2)
        self.ends_at = time.monotonic() + (0.0 if progress else self._seconds)
