"""Erasing all that a service has of a deleted tenant: portion after portion, each a transaction, table after table.

A job walks over the tables. One that was interrupted is begun again and finds less to do. The tenant counts as erased
when a walk finds nothing and an hour has passed, so that what was under way when it was deleted is found, too.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec

from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.jobs.job import Job
from shared.jobs.kinds import NO_LIMIT, JobKind, Limits, Retry
from shared.jobs.queue import JobQueue, NewJob
from shared.telemetry.logs import get_logger
from shared.tenant_closures import repository

ERASED_AT_ONCE = 2_000  # rows of one statement: triggers run for each, and others do not wait long behind its locks
PORTIONS_AT_ONCE = 50  # of one run, well within its time even when statements are slow; then it is others' turn
SETTLED_AFTER = timedelta(hours=1)  # far longer than any request, upload or delivery that was under way

ErasureStep = Callable[[Work, UUID, int], Awaitable[int]]
"""Deletes at most so many rows of a tenant, in system work; returns how many, 0 when none is left."""


class Erasure(msgspec.Struct, frozen=True):
    tenant_id: UUID


ERASURE = JobKind(
    "tenant.erasure",
    Erasure,
    timeout=600.0,
    retry=Retry(attempts=NO_LIMIT, longest=600.0),
    limits=Limits(per_worker=1),
    in_closed_tenants=True,
)
"""Never given up: nothing may stay of a deleted tenant. A run ends where nothing is left, or with its last portion."""


async def add_erasure(work: Work, jobs: JobQueue, erasure: Erasure) -> None:
    """In the transaction that deletes the tenant. The job is the tenant's, whose own work could add no other."""
    job = NewJob(erasure, unique_key=str(erasure.tenant_id))
    await jobs.add(work, ERASURE, job, tenant_id=erasure.tenant_id)


class TenantErasure:
    """`steps` in the order in which they can be done: what refers to something goes before it."""

    def __init__(self, database: Database, steps: Sequence[ErasureStep], clock: Clock) -> None:
        self._database = database
        self._steps = steps
        self._clock = clock

    async def run(self, job: Job[Erasure]) -> None:
        tenant_id = job.payload.tenant_id
        async with self._database.system_work() as work:
            is_deleted = await repository.deletion_time(work, tenant_id) is not None
        portions = await self._walk(job) if is_deleted else 0
        async with self._database.system_work() as work:
            if portions:
                await job.postpone(work, "More may be left.", 0)  # it comes back behind those of others
            else:
                await self._finish(work, job)

    async def _walk(self, job: Job[Erasure]) -> int:
        """How many portions it has deleted: all that is there, or as many as one run may."""
        portions = 0
        for number, step in enumerate(self._steps):
            while portions < PORTIONS_AT_ONCE and (rows := await self._portion(step, job.payload.tenant_id)):
                portions += 1
                job.report(number / len(self._steps), f"{rows} rows are deleted.")
        return portions

    async def _portion(self, step: ErasureStep, tenant_id: UUID) -> int:
        async with self._database.system_work() as work:
            return await step(work, tenant_id, ERASED_AT_ONCE)

    async def _finish(self, work: Work, job: Job[Erasure]) -> None:
        """After a walk that has found nothing. Of a tenant that is not deleted, or erased already, nothing is due."""
        tenant_id = job.payload.tenant_id
        deleted_at = await repository.deletion_time(work, tenant_id)
        left = timedelta() if deleted_at is None else deleted_at + SETTLED_AFTER - self._clock.now()
        if left > timedelta():
            await job.postpone(work, "One more look follows an hour after the deletion.", left.total_seconds())
            return
        await job.complete(work)
        if await repository.mark_erased(work, tenant_id):
            get_logger(tenant_id=str(tenant_id)).info("a deleted tenant is erased")
