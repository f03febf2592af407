"""The use cases of labels, each one transaction."""

from uuid import UUID

from project_service.labels import repository
from project_service.labels.schemas import CreateLabel, LabelQuery
from project_service.limits import LABELS
from project_service.projects import repository as projects
from shared.clock import Clock
from shared.db.databases import Database
from shared.events.changes import Removed
from shared.events.projects import LabelAdded, LabelDeleted, LabelState, ProjectRole
from shared.events.topics import tasks_topic
from shared.limits import require_room
from shared.pagination import PageOf
from shared.principal import Principal


class LabelService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, project_id: UUID, query: LabelQuery) -> PageOf[LabelState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            return await repository.find_page(work, principal.tenant_id, project_id, query)

    async def add(self, principal: Principal, project_id: UUID, new: CreateLabel) -> LabelState:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.EDITOR)
            await require_room(work, LABELS, principal.tenant_id, project_id)
            label = await repository.add(work, principal.tenant_id, project_id, new, self._clock.now())
            added = LabelAdded(entity_id=label.id, version=label.version, payload=label)
            work.publish(added, topics=[tasks_topic(project_id)], subject=str(label.id))
            return work.answer(label)

    async def remove(self, principal: Principal, project_id: UUID, label_id: UUID) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.EDITOR)
            label = await repository.remove(work, principal.tenant_id, project_id, label_id)
            gone = LabelDeleted(entity_id=label.id, version=label.version + 1, payload=Removed(label.id))
            work.publish(gone, topics=[tasks_topic(project_id)], subject=str(label.id))
