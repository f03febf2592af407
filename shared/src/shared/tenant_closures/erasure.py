"""Erasing all that a service has of a deleted tenant: portion after portion, each a transaction, table after table.

A walk that is interrupted begins again at the next round and finds less to do. The tenant counts as erased when a walk
finds nothing and an hour has passed, so that what was under way when the tenant was deleted is found, too.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.retention import RETENTION_SECONDS
from shared.supervision import PeriodicTask
from shared.telemetry.logs import get_logger
from shared.tenant_closures import repository

ERASED_AT_ONCE = 2_000  # rows of one statement: triggers run for each, and others do not wait long behind its locks
TENANTS_AT_ONCE = 100  # of one page
SETTLED_AFTER = timedelta(hours=1)  # far longer than any request, upload or delivery that was under way

ErasureStep = Callable[[Work, UUID, int], Awaitable[int]]
"""Deletes at most so many rows of a tenant, in system work; returns how many, 0 when none is left."""


class TenantErasure:
    """`steps` in the order in which they can be done: what refers to something goes before it."""

    def __init__(self, database: Database, steps: Sequence[ErasureStep], clock: Clock) -> None:
        self._database = database
        self._steps = steps
        self._clock = clock

    def task(self) -> PeriodicTask:
        return PeriodicTask("erase deleted tenants", RETENTION_SECONDS, self.run)

    async def run(self) -> int:
        """Erases what is there of all deleted tenants; how many rows. One that fails does not stop the others."""
        count, failures = 0, list[Exception]()
        async for tenant_id in self._deleted():
            try:
                count += await self.erase(tenant_id)
            except Exception as error:
                get_logger(tenant_id=str(tenant_id)).exception("a deleted tenant could not be erased")
                failures.append(error)
        if failures:
            raise failures[0]
        return count

    async def _deleted(self) -> AsyncIterator[UUID]:
        """All of them, page after page: those that wait for their hour keep no other from being erased."""
        after = repository.FIRST
        while True:
            async with self._database.system_work() as work:
                page = await repository.list_deleted(work, after, TENANTS_AT_ONCE)
            for deletion in page:
                yield deletion.tenant_id
            if len(page) < TENANTS_AT_ONCE:
                return
            after = page[-1]

    async def erase(self, tenant_id: UUID) -> int:
        """One walk, which ends early where another replica is at it."""
        count = 0
        for step in self._steps:
            while portion := await self._portion(step, tenant_id):
                count += portion
            if portion is None:
                return count
        if not count:
            await self._finish(tenant_id)
        return count

    async def _portion(self, step: ErasureStep, tenant_id: UUID) -> int | None:
        """None while another replica erases some of it."""
        async with self._database.system_work() as work:
            if not await repository.lock_deleted(work, tenant_id):
                return None
            return await step(work, tenant_id, ERASED_AT_ONCE)

    async def _finish(self, tenant_id: UUID) -> None:
        async with self._database.system_work() as work:
            if await repository.mark_erased(work, tenant_id, self._clock.now() - SETTLED_AFTER):
                get_logger(tenant_id=str(tenant_id)).info("a deleted tenant is erased")
