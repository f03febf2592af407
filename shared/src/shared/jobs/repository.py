"""Every query on jobs.

Taking is done by one worker at a time, under TAKE_LOCK, and sees exact numbers of what runs. It walks from
lane to lane, so that neither a long backlog of one tenant nor jobs of later times cost anything. A job that is found
behind another of its order key is blocked; the end of that one takes the next up. Both hold the row of the one in
front, so none stays blocked for ever; and what is blocked blocks nobody.
"""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.databases import Database
from shared.db.due_rows import COUNTED_ROWS
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.jobs.schedule import Schedule
from shared.jobs.schema import UNFINISHED, WAITING
from shared.tenant_closures.repository import is_closed

TAKE_LOCK = 0x6A6F6273
"""The key of an advisory lock: "jobs"."""
STAGED_AT_ONCE = 1_000
LANES_AT_ONCE = 200
LOOKED_AT_IN_LANE = 25
LOG_CHARACTERS = 16_384
COUNTED = (*WAITING, "running", "failed")
"""Each up to COUNTED_ROWS."""
_OURS = "id = $1 and claim = $2 and status = 'running'"


class NewRow(NamedTuple):
    id: UUID
    payload: str
    order_key: str | None
    concurrency_key: str | None
    unique_key: str | None
    due_at: datetime
    priority: int
    repeats: str | None


class TakenRow(NamedTuple):
    """A job in a worker's hands; it is theirs while `claim` stands in the row."""

    id: UUID
    kind: str
    lane: str
    line: str | None
    tenant_id: UUID | None
    payload: str
    repeats: str | None
    attempts: int
    claim: int
    cancel_requested: bool
    created_at: datetime

    @property
    def fence(self) -> tuple[UUID, int]:
        return self.id, self.claim


class Room(NamedTuple):
    """For how many of a kind there is room: in the worker, in all, per tenant, per concurrency key."""

    kind: str
    room: int
    total: int
    per_tenant: int
    per_key: int
    in_closed_tenants: bool
    after_lane: str


class Taken(NamedTuple):
    """`after_lanes`: behind which lane of each kind to go on. `is_more`: there may be more to take."""

    rows: list[TakenRow]
    after_lanes: dict[str, str]
    is_more: bool


class Beat(NamedTuple):
    """What a worker tells of a job that it runs."""

    id: UUID
    claim: int
    progress: float | None
    lines: str


class Depth(NamedTuple):
    """`age` in seconds, of the one that is queued longest."""

    kind: str
    status: str
    jobs: int
    age: float


async def add(work: Work, kind: str, tenant_id: UUID | None, rows: Sequence[NewRow], now: datetime) -> list[UUID]:
    columns = [list(column) for column in zip(*rows, strict=True)]
    statement = _ADD if all(row.unique_key is None for row in rows) else _ADD_ONCE
    added = await work.rows(statement, kind, tenant_id, now, *columns)
    return [row["id"] for row in added]


async def keep_scheduled(work: Work, kind: str, repeats: Schedule, now: datetime) -> None:
    """In system work: the one row of a repeated kind. What waits longer than the schedule has it waits no longer."""
    await work.execute(_KEEP_SCHEDULED, new_id(), kind, str(repeats), repeats.after(now), now)


async def take(work: Work, worker: UUID, rooms: Sequence[Room], now: datetime, lease_until: datetime) -> Taken:
    """In system work with TAKE_LOCK."""
    columns = [list(column) for column in zip(*rooms, strict=True)]
    found = await work.rows(_TAKE, worker, now, lease_until, *columns)
    rows = [TakenRow(**{name: row[name] for name in TakenRow._fields}) for row in found if row["id"] is not None]
    after_lanes = {row["wanted_kind"]: row["last_lane"] for row in found if row["last_lane"] is not None}
    is_more = bool(rows or after_lanes or found[0]["blocked"])
    for room in rooms:
        if served := [row.lane for row in rows if row.kind == room.kind]:
            after_lanes[room.kind] = max(served, key=lambda lane: (lane <= room.after_lane, lane))
    return Taken(rows, after_lanes, is_more)


async def stage(work: Work, now: datetime) -> int:
    """In system work: queues what is due, and what workers had who have died; returns how many there were."""
    return await work.execute(_STAGE, now)


async def look(database: Database, now: datetime) -> list[datetime]:
    """When the next scheduled job is due, the next lease ends, the next pause: what there is of these."""
    [row] = await database.system_rows(_LOOK, now)
    return [moment for moment in row.values() if moment is not None]


async def beat(work: Work, beats: Sequence[Beat], lease_until: datetime) -> dict[tuple[UUID, int], bool]:
    """In system work, by id and claim: whether to cancel, of those that are still this worker's."""
    columns = [list(column) for column in zip(*beats, strict=True)]
    rows = await work.rows(_BEAT, lease_until, *columns)
    return {(row["id"], row["claim"]): row["cancel_requested"] for row in rows}


async def give_back(work: Work, worker: UUID, now: datetime) -> int:
    """In system work: all that a worker has, which ends before it has tried."""
    return await work.execute(
        "update jobs set status = 'queued', worker = null, due_at = $2, attempts = attempts - 1"
        " where status = 'running' and worker = $1", worker, now,
    )  # fmt: skip


async def complete(work: Work, row: TakenRow, next_at: datetime | None) -> bool:
    [ended] = await work.rows(_COMPLETE, *row.fence, next_at)
    is_ours: bool = ended["is_ours"]
    return is_ours


async def pause(work: Work, kind: str, tenant_id: UUID | None, concurrency_key: str, until: datetime | None) -> None:
    sql = """
        insert into job_pauses (kind, tenant_id, concurrency_key, until)
        values ($1, $2, $3, coalesce($4::timestamptz, 'infinity'))
        on conflict (kind, lane) do update set until = excluded.until
    """
    await work.execute(sql, kind, tenant_id, concurrency_key, until)


async def resume(work: Work, kind: str, tenant_id: UUID | None, concurrency_key: str) -> None:
    sql = "delete from job_pauses where kind = $1 and lane = coalesce($2::uuid::text, '') || '/' || $3::text"
    await work.execute(sql, kind, tenant_id, concurrency_key)


async def release(work: Work, row: TakenRow, due_at: datetime, attempts: int, error: str, lines: str) -> bool:
    """Until `due_at`, behind all others; what was added again meanwhile begins anew.

    One that is to be cancelled comes back at once, and is cancelled then.
    """
    behind = "seq = default," if row.line is None else ""
    sql = f"""
        update jobs set status = 'scheduled', worker = null, error = $5, progress = null, next_at = null, {behind}
                        log = right(log || $6, {LOG_CHARACTERS}),
                        attempts = case when next_at is null then $4 else 0 end,
                        cancel_requested = cancel_requested and next_at is null,
                        due_at = case when cancel_requested and next_at is null then started_at
                                      else least($3, next_at) end
        where {_OURS}
    """
    return await work.execute(sql, *row.fence, due_at, attempts, error, lines) == 1


async def set_aside(work: Work, row: TakenRow, status: str, error: str | None, lines: str, now: datetime) -> bool:
    """One that was added again while it ran is scheduled instead: nobody has tried that yet."""
    return await work.execute(_SET_ASIDE, *row.fence, status, error, lines, now) == 1


async def unblock_next(work: Work, kind: str, line: str, now: datetime) -> None:
    await work.execute(_UNBLOCK_NEXT, kind, line, now)


async def cancel(work: Work, job_id: UUID, now: datetime) -> str | None:
    """The status that it had; None when there is no such job, or it has ended."""
    row = await work.row(_CANCEL, job_id, now)
    if row is None:
        return None
    if row["was"] != "running" and row["line"] is not None:
        await unblock_next(work, row["kind"], row["line"], now)
    status: str = row["was"]
    return status


async def retry(work: Work, job_id: UUID, now: datetime) -> bool:
    """Not one whose unique key another has by now."""
    sql = f"""
        update jobs set status = 'queued', due_at = $2, attempts = 0, cancel_requested = false, ended_at = null
        where id = $1 and status in ('failed', 'cancelled') and not exists (
            select from jobs other where other.kind = jobs.kind and other.unique_key = jobs.unique_key
            and other.{UNFINISHED}
        )
    """
    return await work.execute(sql, job_id, now) == 1


async def depths(database: Database, now: datetime) -> list[Depth]:
    return [Depth(**row) for row in await database.system_rows(_DEPTHS, now, COUNTED_ROWS)]


_NEW = """
from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::smallint[], $11::text[])
    with ordinality as new (id, payload, order_key, concurrency_key, unique_key, due_at, priority, repeats, position)
"""

_ADD = f"""
insert into jobs (id, kind, tenant_id, payload, order_key, concurrency_key, unique_key, due_at, priority, repeats,
                  status, created_at)
select new.id, $1, $2, new.payload::json, new.order_key, new.concurrency_key, new.unique_key, new.due_at, new.priority,
       new.repeats, case when new.due_at > $3 then 'scheduled' else 'queued' end, $3
{_NEW} order by position
"""

_WHEN_IT_RUNS = "case jobs.status when 'running' then jobs.{0} else {1} end"

_ADD_ONCE = f"""{_ADD}
on conflict (kind, unique_key) where unique_key is not null and {UNFINISHED} do update set
    payload = excluded.payload,
    repeats = excluded.repeats,
    next_at = case jobs.status when 'running' then excluded.due_at end,
    due_at = {_WHEN_IT_RUNS.format("due_at", "excluded.due_at")},
    attempts = {_WHEN_IT_RUNS.format("attempts", "0")},
    cancel_requested = jobs.cancel_requested and jobs.status = 'running',
    status = case when jobs.status in ('running', 'blocked') then jobs.status else excluded.status end
returning id
"""
_ADD += "returning id"

_KEEP_SCHEDULED = f"""
insert into jobs (id, kind, unique_key, payload, repeats, status, due_at, created_at)
values ($1, $2, '', '{{}}', $3, 'scheduled', $4, $5)
on conflict (kind, unique_key) where unique_key is not null and {UNFINISHED} do update
set repeats = excluded.repeats,
    due_at = case jobs.status when 'scheduled' then least(jobs.due_at, excluded.due_at) else jobs.due_at end
where jobs.repeats <> excluded.repeats
"""

_STAGE = f"""
update jobs set status = 'queued', worker = null where id = any(
    array(select id from jobs where status = 'scheduled' and due_at <= $1
          order by due_at limit {STAGED_AT_ONCE} for update skip locked)
    || array(select id from jobs where status = 'running' and due_at <= $1
             limit {STAGED_AT_ONCE} for update skip locked)
)
"""

_IN_FRONT = f"""
select e.id from jobs e
where e.kind = j.kind and e.line = j.line and e.{UNFINISHED} and e.status <> 'blocked' and e.seq < j.seq
order by e.seq limit 1
"""
_RUNNING_OF_LINE = "select e.id from jobs e where e.kind = j.kind and e.line = j.line and e.status = 'running' limit 1"
_NEXT_LANE = """
select j.lane from jobs j
where j.kind = {kind} and j.status = 'queued' and j.lane > {after} and ({upto} is null or j.lane <= {upto})
order by 1 limit 1
"""

# Lanes have turns: first those behind the one that had the last turn (part 0), then those before it (part 1). Among
# tenants it is the turn of whoever has fewest running.
_TAKE = f"""
with recursive wanted as (
    select * from unnest($4::text[], $5::int[], $6::int[], $7::int[], $8::int[], $9::bool[], $10::text[])
        as wanted (kind, room, total, per_tenant, per_key, in_closed_tenants, after_lane)
), running as materialized (
    select kind, lane, tenant_id, count(*)::int as jobs from jobs where status = 'running' and kind = any($4::text[])
    group by kind, lane, tenant_id
), parts as (
    select kind, 0 as part, after_lane as after, null as upto from wanted
    union all select kind, 1, '', after_lane from wanted where after_lane <> ''
), lanes (kind, part, upto, lane, number) as (
    select p.kind, p.part, p.upto, ({_NEXT_LANE.format(kind="p.kind", after="p.after", upto="p.upto")}), 1 from parts p
    union all
    select l.kind, l.part, l.upto, ({_NEXT_LANE.format(kind="l.kind", after="l.lane", upto="l.upto")}), l.number + 1
    from lanes l where l.lane is not null and l.number < {LANES_AT_ONCE}
), candidates as materialized (
    select w.*, c.*, l.part, l.number, w.per_key - coalesce(r.jobs, 0) as room_in_lane
    from lanes l join wanted w on w.kind = l.kind left join running r on r.kind = l.kind and r.lane = l.lane
    cross join lateral (
        select j.id, j.seq, j.priority, j.lane, j.tenant_id,
               case when j.line is not null then coalesce(({_RUNNING_OF_LINE}), ({_IN_FRONT})) end as in_front
        from jobs j where j.kind = l.kind and j.lane = l.lane and j.status = 'queued'
        order by j.priority desc, j.seq limit {LOOKED_AT_IN_LANE}
    ) c
    where w.per_key > coalesce(r.jobs, 0) and (w.in_closed_tenants or not {is_closed("c.tenant_id")})
      and not exists (select from job_pauses p where p.kind = l.kind and p.lane = l.lane and p.until > $2)
), in_lanes as (
    select *, row_number() over (partition by kind, lane order by priority desc, seq) as in_lane
    from candidates where in_front is null
), in_tenants as (
    select *, row_number() over (partition by kind, tenant_id order by in_lane, priority desc, part, number, seq)
              + coalesce((
                  select sum(r.jobs) from running r
                  where r.kind = in_lanes.kind and r.tenant_id is not distinct from in_lanes.tenant_id
              ), 0) as in_tenant
    from in_lanes where in_lane <= room_in_lane
), in_kinds as (
    select *, row_number() over (partition by kind order by in_tenant, part, number, priority desc, seq) as in_kind
    from in_tenants where tenant_id is null or in_tenant <= per_tenant
), chosen as (
    select j.id from jobs j where j.status = 'queued' and j.id = any(array(
        select k.id from in_kinds k where k.in_kind <= least(k.room, k.total - coalesce((
            select sum(r.jobs) from running r where r.kind = k.kind
        ), 0))
    )) for update skip locked
), taken as (
    update jobs j set status = 'running', worker = $1, due_at = $3, attempts = j.attempts + 1, claim = j.claim + 1,
                      started_at = $2
    from chosen where j.id = chosen.id
    returning j.id, j.kind, j.lane, j.line, j.tenant_id, j.payload, j.repeats, j.attempts, j.claim, j.cancel_requested,
              j.created_at
), in_front as (
    select id from jobs
    where id = any(array(select in_front from candidates where in_front is not null)) and {UNFINISHED}
    for share skip locked
), behind as (
    select j.id from jobs j
    where j.status = 'queued' and j.id = any(array(
        select c.id from candidates c join in_front f on f.id = c.in_front
    )) for update skip locked
), blocked as (
    update jobs j set status = 'blocked' from behind where j.id = behind.id returning j.id
)
select w.kind as wanted_kind, t.*, (select count(*)::int from blocked) as blocked,
       (select l.lane from lanes l where l.kind = w.kind and l.part = 0 and l.number = {LANES_AT_ONCE}) as last_lane
from wanted w left join taken t on t.kind = w.kind
"""

_LOOK = """
select (select min(due_at) from jobs where status = 'scheduled') as next_due,
       (select min(due_at) from jobs where status = 'running') as next_end,
       (select min(until) from job_pauses where until > $1 and until < 'infinity') as next_pause
"""

# What a handler is just ending is locked by it: the lease of that one waits for the next beat.
_BEAT = f"""
with beats as (
    select * from unnest($2::uuid[], $3::int[], $4::real[], $5::text[]) as b (id, claim, progress, lines)
), free as (
    select j.id from jobs j join beats b on b.id = j.id and b.claim = j.claim
    where j.status = 'running' for update of j skip locked
), beaten as (
    update jobs j set due_at = $1, progress = coalesce(b.progress, j.progress),
                      log = right(j.log || b.lines, {LOG_CHARACTERS})
    from free join beats b on b.id = free.id where j.id = free.id
)
select j.id, j.claim, j.cancel_requested
from beats b join jobs j on j.id = b.id and j.claim = b.claim and j.status = 'running'
"""

# One that was added again while it ran, or that repeats, is scheduled for the earlier of both times.
_COMPLETE = f"""
with mine as (
    select id, least(next_at, $3) as next_at from jobs where {_OURS} for update
), ended as (
    delete from jobs j using mine m where j.id = m.id and m.next_at is null
), again as (
    update jobs j set status = 'scheduled', due_at = m.next_at, next_at = null, attempts = 0, worker = null,
                      cancel_requested = false, progress = null, error = null, log = ''
    from mine m where j.id = m.id and m.next_at is not null
)
select exists (select from mine) as is_ours
"""

_SET_ASIDE = f"""
update jobs set
    status = case when next_at is null then $3 else 'scheduled' end,
    due_at = coalesce(next_at, due_at),
    next_at = null,
    attempts = case when next_at is null then attempts else 0 end,
    cancel_requested = cancel_requested and next_at is null,
    worker = null,
    ended_at = case when next_at is null then $6::timestamptz end,
    log = right(log || $5, {LOG_CHARACTERS}),
    error = coalesce($4, error)
where {_OURS}
"""

_UNBLOCK_NEXT = """
update jobs set status = case when due_at > $3 then 'scheduled' else 'queued' end, due_at = greatest(due_at, $3)
where status = 'blocked' and id = (
    select id from jobs where kind = $1 and line = $2 and status = 'blocked' order by seq limit 1
)
"""

_CANCEL = f"""
with found as (
    select id, kind, line, status from jobs where id = $1 and {UNFINISHED} for update
)
update jobs j set
    cancel_requested = true,
    next_at = null,
    status = case found.status when 'running' then 'running' else 'cancelled' end,
    ended_at = case when found.status <> 'running' then $2::timestamptz end
from found where j.id = found.id
returning found.status as was, j.kind, j.line
"""

_COUNTED = "(select kind, status, due_at, tenant_id from jobs where status = '{}' limit $2)"
_DEPTHS = f"""
select kind, status, count(*)::int as jobs,
       coalesce(extract(epoch from $1 - min(due_at) filter (
           where status = 'queued' and not {is_closed("counted.tenant_id")}
       )), 0)::float8 as age
from ({" union all ".join(map(_COUNTED.format, COUNTED))}) counted
group by kind, status
"""
