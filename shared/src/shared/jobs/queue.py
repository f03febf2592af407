"""Enqueues jobs in the transaction that wants them done: they are there when it commits, or they never were."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.jobs import repository
from shared.jobs.kinds import JobKind
from shared.jobs.repository import NewRow
from shared.jobs.schedule import Schedule

P = TypeVar("P")


class NewJob(NamedTuple, Generic[P]):
    """`order_key`: jobs of one kind, tenant and key run one after another, in the order in which they were enqueued;
    also the next while the first waits to be tried again. Transactions that enqueue for one key at one time have to
    share a lock if their order matters.

    `concurrency_key`: see `Limits.per_key`. `at`: not before. `priority`: higher ones first, among those of the tenant.
    `unique_key`: of one kind and key there is one job. To enqueue it again replaces payload and time of the one that
    waits, and lets one that runs run once more. It is, or has in it, an id: no two tenants have the same.
    """

    payload: P
    order_key: str | None = None
    concurrency_key: str | None = None
    unique_key: str | None = None
    at: datetime | None = None
    priority: int = 0
    repeats: Schedule | None = None


class JobQueue:
    """`on_added` is called after each commit that enqueued something, `on_cancel` with each running job to cancel."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.on_added: Callable[[], None] = lambda: None
        self.on_cancel: Callable[[UUID], None] = lambda job_id: None

    async def add(self, work: Work, kind: JobKind[P], job: P | NewJob[P], *, tenant_id: UUID | None = None) -> UUID:
        """A job, or the mere payload of one; returns its id. `tenant_id` names the tenant in system work."""
        new = job if isinstance(job, NewJob) else NewJob(job)
        [job_id] = await self.add_all(work, kind, [new], tenant_id=tenant_id)
        return job_id

    async def add_all(
        self, work: Work, kind: JobKind[P], jobs: Sequence[NewJob[P]], *, tenant_id: UUID | None = None
    ) -> list[UUID]:
        """All in one statement; unique keys of one call differ. The order of the ids is that of the jobs."""
        if not jobs:
            return []
        now = self._clock.now()
        rows = [_row_of(job, now) for job in jobs]
        ids = await repository.add(work, kind.name, work.tenant_id or tenant_id, rows, now)
        work.after_commit(self.on_added)
        return ids

    async def cancel(self, work: Work, job_id: UUID) -> bool:
        """One that waits never runs; one that runs is told to stop. False when there is none (any more)."""
        status = await repository.cancel(work, job_id, self._clock.now())
        if status == "running":
            work.after_commit(lambda: self.on_cancel(job_id))
        return status is not None

    async def retry(self, work: Work, job_id: UUID) -> bool:
        """Takes one that was set aside or cancelled up again, as if it were new. False when there is none."""
        is_there = await repository.retry(work, job_id, self._clock.now())
        work.after_commit(self.on_added)
        return is_there

    async def pause(self, work: Work, kind: JobKind[P], concurrency_key: str, until: datetime | None = None) -> None:
        """None of the tenant's jobs with this key is taken before `until`, or until `resume`. What runs goes on."""
        await repository.pause(work, kind.name, work.tenant_id, concurrency_key, until)

    async def resume(self, work: Work, kind: JobKind[P], concurrency_key: str) -> None:
        await repository.resume(work, kind.name, work.tenant_id, concurrency_key)
        work.after_commit(self.on_added)


def _row_of(job: NewJob[P], now: datetime) -> NewRow:
    return NewRow(
        id=new_id(),
        payload=msgspec.json.encode(job.payload).decode(),
        due_at=now if job.at is None else max(now, job.at),
        repeats=None if job.repeats is None else str(job.repeats),
        order_key=job.order_key,
        concurrency_key=job.concurrency_key,
        unique_key=job.unique_key,
        priority=job.priority,
    )
