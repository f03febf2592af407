"""What follows when somebody leaves the tenant or the team of a project: what they had is dealt with in portions.

The transaction that hears of it writes a row into `leavings`, and a periodic task works that off. However much there
is, a transaction deals with PORTION things, and what a process leaves when it dies is found by the next one.
"""

from collections.abc import AsyncIterator

from project_service.gifting.items.service import ItemService
from project_service.gifting.persons.service import PersonService
from project_service.leaving import repository
from project_service.leaving.repository import Leaving
from project_service.projects.service import pass_on_projects
from project_service.tasks.service import unassign
from project_service.webhooks.service import WebhookService
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.supervision import PeriodicTask
from shared.telemetry.logs import get_logger

PORTION = 100  # things in a transaction, each with an event: of the largest tasks, 8 MB
ROUND_SECONDS = 60.0  # what a process that died has left waits no longer
AT_ONCE = 100  # members who take turns: one with many things does not keep the others waiting


class Leavings:
    def __init__(
        self, database: Database, items: ItemService, persons: PersonService, webhooks: WebhookService, clock: Clock
    ) -> None:
        self._database = database
        self._items = items
        self._persons = persons
        self._webhooks = webhooks
        self._clock = clock
        self.task = PeriodicTask("clear what former members had", ROUND_SECONDS, self.work_off, begins_at_once=True)

    async def add(self, work: Work, leaving: Leaving) -> None:
        """In the transaction in which they leave."""
        if leaving.project_id is None:
            await self._webhooks.pass_on(work, leaving.tenant_id, leaving.user_id)
        await repository.add(work, leaving, self._clock.now())
        work.after_commit(self.task.wake)

    async def work_off(self) -> int:
        """A portion of each member who has left; the next round follows at once where there is more.

        Returns how many things were dealt with. Replicas may do it at the same time. A failure stops nobody else.
        """
        async with self._database.system_work() as work:
            waiting = await repository.find(work, AT_ONCE)
        count, failures = 0, list[Exception]()
        for leaving in waiting:
            try:
                count += await self._portion(leaving)
            except Exception as error:
                get_logger(user_id=str(leaving.user_id)).warning("things of a former member could not be dealt with")
                failures.append(error)
        if count:
            self.task.wake()
        if failures:
            raise failures[0]
        return count

    async def _portion(self, leaving: Leaving) -> int:
        """In one transaction. Returns how many things it was; 0 when nothing is left, or another replica is at it."""
        async with self._database.unit_of_work(leaving.tenant_id) as work:
            if not await repository.lock(work, leaving):
                return 0
            async for count in self._steps(work, leaving):
                if count:
                    return count
            await repository.remove(work, leaving)
            return 0

    async def _steps(self, work: Work, leaving: Leaving) -> AsyncIterator[int]:
        """How many things each step has dealt with. Without a project, all of the tenant's are meant."""
        now = self._clock.now()
        whose = (leaving.tenant_id, leaving.user_id)
        yield await pass_on_projects(work, *whose, leaving.project_id, PORTION, now)
        if leaving.project_id is not None and await repository.sees_project(work, leaving):
            return
        yield await self._webhooks.end_of(work, *whose, leaving.project_id)
        yield await unassign(work, *whose, leaving.project_id, PORTION, now)
        if leaving.project_id is None:
            yield await self._items.release_of(work, *whose, PORTION)
            yield await self._persons.unlink(work, *whose)
