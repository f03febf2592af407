"""Dealing with what members had who have left: a job for each of them, which takes a portion at a time.

The transaction that hears of it adds the job. However much there is, each run deals with one portion in one
transaction, which also puts the job behind those of others.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from shared.db.unit_of_work import Work
from shared.jobs.job import Job
from shared.jobs.kinds import NO_LIMIT, JobKind, Limits, Retry
from shared.jobs.queue import JobQueue, NewJob
from shared.members import repository

EVER = datetime.max.replace(tzinfo=UTC)


class Leaving(msgspec.Struct, frozen=True):
    """Somebody who has left the tenant, or where `project_id` is given the team of that project.

    What they get after `left_at` is not meant: they have come back.
    """

    tenant_id: UUID
    user_id: UUID
    project_id: UUID | None
    left_at: datetime


LEAVING = JobKind(
    "member.leaving",
    Leaving,
    retry=Retry(attempts=NO_LIMIT, longest=300.0),
    limits=Limits(per_worker=2, per_key=1),
    in_closed_tenants=True,
)
"""Never given up: what somebody had must not stay. One portion of a member at a time, because portions would meet."""

Steps = Callable[[Work, Leaving, datetime], AsyncIterator[int]]
"""Each step deals with a portion of one kind of what they had, and yields how many things it was, 0 when none is left.

The time is until when something must have been written last to count as had: `until` below.
"""


class LeavingJobs:
    def __init__(self, jobs: JobQueue, steps: Steps) -> None:
        self._jobs = jobs
        self._steps = steps

    async def add(self, work: Work, leaving: Leaving) -> None:
        """In the transaction in which they leave. Who leaves again before all is dealt with has two jobs."""
        job = NewJob(leaving, concurrency_key=str(leaving.user_id))
        await self._jobs.add(work, LEAVING, job, tenant_id=leaving.tenant_id)

    async def run(self, job: Job[Leaving]) -> None:
        """A portion. While there may be more, the job comes back behind those of others."""
        async with job.work() as work:
            if await self._first_portion(work, job.payload):
                await job.postpone(work, "More is left.", 0)

    async def _first_portion(self, work: Work, leaving: Leaving) -> int:
        """Of the first step that has something left; 0 when none has."""
        async for count in self._steps(work, leaving, await until(work, leaving)):
            if count:
                return count
        return 0


async def until(work: Work, leaving: Leaving) -> datetime:
    """When they had left, where they are known to be back. Else any time: what others wrote since is meant as well."""
    if leaving.project_id is None and await repository.is_member(work, leaving.tenant_id, leaving.user_id):
        return leaving.left_at
    return EVER
