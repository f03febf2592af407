"""What follows when somebody leaves the tenant or the team of a project."""

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec.structs import astuple

from project_service.comments import repository as comments
from project_service.gifting.items.service import ItemService
from project_service.gifting.persons.service import PersonService
from project_service.leaving.repository import sees_project
from project_service.projects import repository as projects
from project_service.projects.service import pass_on_projects
from project_service.sessions import repository as sessions
from project_service.tasks.service import unassign
from project_service.webhooks.service import WebhookService
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.members.leavings import Leaving, LeavingJobs, until

PORTION = 100  # things in a transaction, each with an event: of the largest tasks, 8 MB


class Leavings:
    def __init__(
        self, items: ItemService, persons: PersonService, webhooks: WebhookService, jobs: JobQueue, clock: Clock
    ) -> None:
        self._items = items
        self._persons = persons
        self._webhooks = webhooks
        self._clock = clock
        self._jobs = LeavingJobs(jobs, self._steps)

    async def run(self, job: Job[Leaving]) -> None:
        await self._jobs.run(job)

    async def leave_tenant(self, work: Work, leaving: Leaving, *, keeps_person: bool) -> None:
        """In the transaction that hears of it; what may be much is dealt with behind it.

        `keeps_person`: the person of gift planning stays linked, so that the erasure of the account finds it.
        """
        whose = (leaving.tenant_id, leaving.user_id, leaving.left_at)
        last_written = await until(work, leaving)
        await projects.drop_favorites_of(work, *whose)
        await comments.drop_stars_of(work, *whose)
        await sessions.remove_all_of(work, *whose)
        await self._webhooks.pass_on(work, *whose, last_written)
        if not keeps_person:
            await self._persons.unlink(work, leaving.tenant_id, leaving.user_id, last_written)
        await self._jobs.add(work, leaving)

    async def leave_project(self, work: Work, leaving: Leaving) -> None:
        """In the transaction in which they leave."""
        await self._jobs.add(work, leaving)

    async def _steps(self, work: Work, leaving: Leaving, last_written: datetime) -> AsyncIterator[int]:
        """How many things each step has dealt with. Without a project, all of the tenant's are meant."""
        now, (tenant_id, user_id, project_id, left_at) = self._clock.now(), astuple(leaving)
        yield await pass_on_projects(work, leaving, PORTION, now)
        if project_id is not None and await sees_project(work, leaving):
            return
        yield await self._webhooks.end_of(work, tenant_id, user_id, project_id, left_at, last_written)
        yield await unassign(work, tenant_id, user_id, project_id, last_written, PORTION, now)
        if project_id is None:
            yield await self._items.release_of(work, tenant_id, user_id, last_written, PORTION)
