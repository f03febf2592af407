"""What operators see of jobs: lists, one job with all that is known of it, counts. In system work, of every tenant."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.unit_of_work import Work
from shared.jobs.schema import ENDED, WAITING

STATUSES = ("running", *WAITING, *ENDED)
SHOWN_AT_ONCE = 1_000


class JobFilter(NamedTuple):
    """What is None does not matter; no statuses are all."""

    kind: str | None = None
    statuses: Sequence[str] = ()
    tenant_id: UUID | None = None


class JobLine(NamedTuple):
    """`due_at`: of a scheduled job its time, of a waiting one since when it waits, of a running one the lease's end."""

    id: UUID
    seq: int
    kind: str
    status: str
    tenant_id: UUID | None
    attempts: int
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None
    progress: float | None
    error: str | None


class JobDetails(NamedTuple):
    line: JobLine
    order_key: str | None
    concurrency_key: str | None
    unique_key: str | None
    priority: int
    repeats: str | None
    worker: UUID | None
    started_at: datetime | None
    cancel_requested: bool
    payload: str
    log: str


class KindCount(NamedTuple):
    """`since`: the oldest time at which one of these became due."""

    kind: str
    status: str
    jobs: int
    since: datetime


async def find(work: Work, wanted: JobFilter, limit: int, after_seq: int = 0) -> tuple[list[JobLine], bool]:
    """In the order in which they were enqueued, and whether there are more."""
    rows = await work.rows(_FIND, *_arguments(wanted), after_seq, limit + 1)
    return [JobLine(**row) for row in rows[:limit]], len(rows) > limit


async def details(work: Work, job_id: UUID) -> JobDetails | None:
    row = await work.row(f"select {_LINE}, {_REST} from jobs where id = $1", job_id)
    if row is None:
        return None
    line = JobLine(**{name: row.pop(name) for name in JobLine._fields})
    return JobDetails(line, **row)


async def count_by_kind(work: Work, wanted: JobFilter) -> list[KindCount]:
    return [KindCount(**row) for row in await work.rows(_COUNT, *_arguments(wanted))]


def _arguments(wanted: JobFilter) -> tuple[object, ...]:
    return wanted.kind, list(wanted.statuses or STATUSES), wanted.tenant_id


_LINE = ", ".join(JobLine._fields)
_REST = ", ".join(JobDetails._fields[1:])
_WANTED = """
($1::text is null or kind = $1) and status = any($2::text[]) and ($3::uuid is null or tenant_id = $3)
"""
_FIND = f"select {_LINE} from jobs where {_WANTED} and seq > $4 order by seq limit $5"
_COUNT = f"""
select kind, status, count(*)::int as jobs, min(due_at) as since from jobs where {_WANTED}
group by kind, status order by kind, status
"""
