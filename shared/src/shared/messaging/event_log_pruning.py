"""What leaves the event log: by number and window, and whatever the number is beyond its age limit."""

# ruff: noqa: S608 - statements are made of constants and numbered placeholders

from collections import deque
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from shared.db.due_rows import COUNTED_ROWS, Backlog
from shared.db.portions import Portion
from shared.db.schema import KEPT_PER_TOPIC, MILESTONE_EVERY, is_milestone
from shared.db.unit_of_work import Work
from shared.ids import first_id_at

KEPT_FOR = timedelta(hours=24)
"""The window: within it every event stays. Beyond it at least KEPT_PER_TOPIC events of a topic stay."""

KEPT_AT_MOST = timedelta(days=30)
"""Beyond it events go however few their topic has: what they carry is not kept longer than deleted projects are."""

LOOKED_AT = 2_000  # milestones in one transaction, with two probes of an index for each: some 10 ms
MILESTONES_AT_ONCE = 4  # in one transaction, with 500 events each
EVENTS_AT_ONCE = 2_000  # in one transaction: 5,000 took 0.7 s on a machine that was busy otherwise


class Milestone(NamedTuple):
    tenant_id: UUID
    topic: str
    offset: int


IS_SENT = """outbox.sent_at is not null
    and not exists (select from outbox_backlog b where b.event_id = outbox.id)"""
"""What was not sent yet, to any queue, is never deleted."""

BEGINNING = Milestone(UUID(int=0), "", 0)

_FREE = f"""
delete from outbox where id = any($1::uuid[]) and {IS_SENT}
and not exists (select from outbox_topics t where t.event_id = outbox.id)
"""


class BusyTopics:
    """Walks the milestones of all topics. Each stands for `every` events, the newest of them `kept` offsets before it.

    So the work depends on how much was published to topics with many events, and not on the number of topics. What a
    failed transaction was about is left to the next round, so that it holds up nothing behind it.
    """

    def __init__(self, kept: int = KEPT_PER_TOPIC, every: int = MILESTONE_EVERY) -> None:
        self._reached = BEGINNING
        self._due: deque[Milestone] = deque()
        self._kept = kept
        self._range = every
        self._look = _LOOK.format(is_milestone=is_milestone(every, kept))

    async def delete(self, work: Work, now: datetime) -> Portion:
        if self._due:
            marks = [self._due.popleft() for _ in range(min(MILESTONES_AT_ONCE, len(self._due)))]
            return Portion(await self._delete_behind(work, marks, now), is_last=False)
        return Portion(0, is_last=not await self._walk_on(work, now))

    async def _walk_on(self, work: Work, now: datetime) -> bool:
        """False at the end, where the next walk begins anew."""
        rows = await work.rows(self._look, *self._reached, LOOKED_AT, *self._reach, now - KEPT_FOR)
        marks = [(_milestone(row), row["is_due"]) for row in rows]
        self._due.extend(mark for mark, is_due in marks if is_due)
        self._reached = marks[-1][0] if marks else BEGINNING
        return bool(marks)

    async def _delete_behind(self, work: Work, marks: list[Milestone], now: datetime) -> int:
        columns = (list(column) for column in zip(*marks, strict=True))
        places = await work.rows(_DELETE_BEHIND, *columns, *self._reach, now - KEPT_FOR)
        return await work.execute(_FREE, [place["event_id"] for place in places])

    @property
    def _reach(self) -> tuple[int, int]:
        """How far before a milestone its events are: less than the first number, at least the second."""
        return self._kept + self._range, self._kept


class OldEvents:
    """Walks the events by id, that is by time, up to the age limit."""

    def __init__(self) -> None:
        self._reached = UUID(int=0)

    async def delete(self, work: Work, now: datetime) -> Portion:
        limit = now - KEPT_AT_MOST
        rows = await work.rows(_OLD, self._reached, first_id_at(limit), limit, EVENTS_AT_ONCE)
        ids = [row["id"] for row in rows]
        is_last = len(ids) < EVENTS_AT_ONCE
        self._reached = UUID(int=0) if is_last else ids[-1]
        await work.execute("delete from outbox_topics where event_id = any($1::uuid[])", ids)
        return Portion(await work.execute("delete from outbox where id = any($1::uuid[])", ids), is_last)


async def measure_old_events(work: Work, now: datetime) -> Backlog:
    limit = now - KEPT_AT_MOST
    [row] = await work.rows(_MEASURE_OLD, UUID(int=0), first_id_at(limit), limit, COUNTED_ROWS)
    return Backlog(**row)


def _milestone(row: dict[str, Any]) -> Milestone:
    return Milestone(row["tenant_id"], row["topic"], row["offset"])


# The first of the events that a milestone stands for is the oldest: only where that one is due the others are read.
_LOOK = """
select m.tenant_id, m.topic, m."offset", coalesce(first.stored_at < $7, false) as is_due
from (
    select tenant_id, topic, "offset" from outbox_topics
    where {is_milestone} and (tenant_id, topic, "offset") > ($1::uuid, $2::text, $3::bigint)
    order by tenant_id, topic, "offset" limit $4
) m left join lateral (
    select t.stored_at from outbox_topics t
    where t.tenant_id = m.tenant_id and t.topic = m.topic
      and t."offset" > m."offset" - $5::bigint and t."offset" <= m."offset" - $6::bigint
    order by t."offset" limit 1
) first on true
order by m.tenant_id, m.topic, m."offset"
"""
_DELETE_BEHIND = f"""
delete from outbox_topics where ctid = any(array(
    select old.ctid from unnest($1::uuid[], $2::text[], $3::bigint[]) as m (tenant_id, topic, "offset")
    cross join lateral (
        select t.ctid from outbox_topics t join outbox on outbox.id = t.event_id and {IS_SENT}
        where t.tenant_id = m.tenant_id and t.topic = m.topic
          and t."offset" > m."offset" - $4::bigint and t."offset" <= m."offset" - $5::bigint and t.stored_at < $6
    ) as old
)) returning event_id
"""
_OLD_EVENTS = f"""
from outbox where id > $1 and id < $2 and time < $3 and {IS_SENT} order by id limit $4
"""
_OLD = f"select id {_OLD_EVENTS}"
_MEASURE_OLD = f"""
select count(*)::int as rows, coalesce(extract(epoch from $3 - min(time)), 0)::float8 as seconds
from (select time {_OLD_EVENTS}) due
"""
