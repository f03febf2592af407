"""The use cases of activity: written from this service's own events, so that no other use case has to think of it."""

from uuid import UUID

from project_service import limits
from project_service.activity import repository
from project_service.activity.domain import activity_of
from project_service.activity.schemas import ActivityQuery, ActivityView
from project_service.projects import repository as projects
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.changes import Change
from shared.events.envelope import Envelope
from shared.events.projects import ProjectRole
from shared.pagination import PageOf
from shared.principal import Principal


class ActivityService:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, principal: Principal, project_id: UUID, query: ActivityQuery) -> PageOf[ActivityView]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            return await repository.find_page(work, principal.tenant_id, project_id, query)

    async def record(self, work: Work, event: Change, envelope: Envelope) -> None:
        activity = activity_of(event, envelope)
        if activity is not None and envelope.tenantid is not None:
            await repository.add(work, envelope.tenantid, activity)
            if activity.id.int % limits.ACTIVITY_PRUNED_EVERY == 0:
                await repository.delete_oldest(work, envelope.tenantid, activity.project_id, limits.ACTIVITY_KEPT)
