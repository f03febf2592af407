"""What full queues have not got yet: kept in order, offered again with growing pauses, and delayed for nobody else.

A queue that refuses one event of a partition gets the ones behind it from here as well, until nothing waits: so each
partition reaches each queue in order, whatever the other queues do.

The relay offers one portion at a time and sends new events in between: a queue that catches up with days of events
delays nobody by more than a portion.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple
from uuid import UUID

from shared.db.databases import Database
from shared.db.system_session import SystemSession
from shared.messaging.bus import Bus, OutgoingMessage
from shared.messaging.outbox import ENVELOPE_COLUMNS, EVENT_SIZE, PARTITION_LOCK, PARTITIONS
from shared.messaging.queues import CONSUMER_QUEUES
from shared.messaging.redaction import ANY, is_redacted
from shared.messaging.timeline import EPOCH
from shared.telemetry.logs import get_logger

PORTION_ROWS = 50
"""Of one partition for one queue, under way together: some 20 ms, in which no new event of this relay is sent."""

PORTION_BYTES = 1024 * 1024

DELETED_AT_ONCE = 10_000
"""Rows of a queue that is not consumed any more: one statement takes far less than its time limit."""

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
_LOCK = "select pg_try_advisory_lock($1, $2::int) as is_ours"
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
# Sent now, not when the other queues got it: a bus that forgets is given again what was sent of late.
_TAKEN = """
with taken as (delete from outbox_backlog where queue = $1 and partition = $2 and seq = any($3::bigint[])
               returning event_id)
update outbox set sent_at = now() from taken where outbox.id = taken.event_id
"""
_REMOVED = """
with recursive kept (queue) as (
    (select queue from outbox_backlog order by queue limit 1)
    union all
    select (select queue from outbox_backlog b where b.queue > kept.queue order by queue limit 1)
    from kept where kept.queue is not null
)
select queue from kept where queue <> all($1::text[])
"""
_DELETE = """
with deleted as (
    delete from outbox_backlog
    where ctid = any(array(select ctid from outbox_backlog where queue = $1 limit $2)) returning 1
)
select count(*)::int as number from deleted
"""
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
        self._waiting: dict[str, _Waiting] = {}
        self._round: deque[_Turn] = deque()
        self._next_look = 0.0

    async def mark_sent(self, session: SystemSession, event_ids: Sequence[UUID], kept: Iterable[Kept]) -> None:
        """These events have been sent, but for what is kept for a full queue: both or nothing."""
        entries = list(kept)
        for queue in {entry.queue for entry in entries} - self._waiting.keys():
            self._waiting[queue] = _Waiting()
            self._next_look = 0.0
            get_logger().warning("a queue is full: its events wait in the outbox", queue=queue)
        columns = zip(*entries, strict=True) if entries else ([], [], [], [])
        await session.execute(_MARK_SENT, event_ids, *map(list, columns))

    async def delete_removed(self, session: SystemSession) -> None:
        """What is kept for queues of which there is no consumer any more, in this version: nobody will ever take it."""
        consumers = [*CONSUMER_QUEUES, *self._bus.queues]
        for row in await session.rows(_REMOVED, consumers):
            number = await _delete_all(session, row["queue"])
            get_logger().warning("events of a removed consumer were deleted", queue=row["queue"], number=number)

    async def offer(self, session: SystemSession) -> bool:
        """The next portion, to a queue whose pause is over: queues and their partitions take turns.

        Whether something was taken. Raises PublishFailed.
        """
        if not self._round:
            if time.monotonic() < self._next_look:
                return False
            await self._begin_round(session)
        has_progressed = False
        while self._round and not has_progressed:
            has_progressed = await self._take_turn(session, self._round.popleft())
        if not self._round:
            ends = (waiting.ends_at for waiting in self._waiting.values())
            self._next_look = min([time.monotonic() + LOOK_SECONDS, *ends])
        return has_progressed

    async def ages(self) -> dict[str, float]:
        """By queue, for how many seconds the oldest event has been waiting; 0 where none is."""
        queues = self._bus.queues
        ages = dict.fromkeys(queues, 0.0)
        for row in await self._database.system_rows(_OLDEST, queues, PARTITIONS):
            ages[row["queue"]] = max(0.0, row["age"])
        return ages

    async def _begin_round(self, session: SystemSession) -> None:
        rows = await session.rows(_WAITING, self._bus.queues, PARTITIONS)
        self._forget_all_but({row["queue"] for row in rows})
        turns = [self._turns_of(row["queue"], row["partitions"]) for row in rows]
        self._round.extend(turn for together in zip_longest(*turns) for turn in together if turn is not None)

    def _turns_of(self, queue: str, partitions: Iterable[int]) -> Iterator["_Turn"]:
        return self._waiting.setdefault(queue, _Waiting()).turns(queue, partitions)

    async def _take_turn(self, session: SystemSession, turn: "_Turn") -> bool:
        """Whether it took anything. A partition that another relay holds is left to that one."""
        waiting = self._waiting[turn.queue]
        if not waiting.is_over:
            return False
        [lock] = await session.rows(_LOCK, PARTITION_LOCK, turn.partition)
        if not lock["is_ours"]:
            return False
        # A statement of its own: its snapshot is younger than the lock.
        rows = await session.rows(_NEXT_ROWS, turn.queue, turn.partition, PORTION_ROWS, PORTION_BYTES)
        taken = await self._send(turn.queue, rows)
        await session.execute(_TAKEN, turn.queue, turn.partition, taken)
        await session.execute(_UNLOCK)
        waiting.note(turn.partition, progress=bool(taken), is_full=len(taken) < len(rows))
        return bool(taken)

    async def _send(self, queue: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """The places of those that need not wait any more. An event that has been erased meanwhile is not sent."""
        present = [row for row in rows if row["id"] is not None]
        count = await self._bus.offer_to(queue, [self._message_of(row) for row in present])
        refused = present[count]["place"] if count < len(present) else None
        return [row["place"] for row in rows if refused is None or row["place"] < refused]

    def _forget_all_but(self, queues: set[str]) -> None:
        for queue in self._waiting.keys() - queues:
            del self._waiting[queue]
            get_logger().info("a queue has got all that waited for it", queue=queue)


async def _delete_all(session: SystemSession, queue: str) -> int:
    number = 0
    while deleted := (await session.rows(_DELETE, queue, DELETED_AT_ONCE))[0]["number"]:
        number += deleted
    return number


class _Turn(NamedTuple):
    queue: str
    partition: int


class _Waiting:
    """A queue's pause, which grows while it takes nothing, and the partition whose turn is next."""

    def __init__(self) -> None:
        self._seconds = FIRST_PAUSE_SECONDS
        self._next_partition = 0
        self.ends_at = time.monotonic() + self._seconds

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.ends_at

    def turns(self, queue: str, partitions: Iterable[int]) -> Iterator[_Turn]:
        """Each partition once. They go on where the last one ended, so that none is first every time."""
        following = sorted(partitions, key=lambda number: (number - self._next_partition) % PARTITIONS)
        return (_Turn(queue, number) for number in following)

    def note(self, partition: int, *, progress: bool, is_full: bool) -> None:
        """What came of the partition's turn."""
        self._next_partition = (partition + 1) % PARTITIONS if progress else partition
        if progress:
            self._seconds = FIRST_PAUSE_SECONDS
        elif is_full:
            self._seconds = min(MAX_PAUSE_SECONDS, self._seconds * 2)
        self.ends_at = time.monotonic() + (self._seconds if is_full else 0.0)
