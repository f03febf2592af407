"""The use cases of tags, each one transaction. Editors give them, everybody who sees the project sees them."""

from uuid import UUID

from project_service.projects import repository as projects
from project_service.projects.access import require_role
from project_service.tags import repository
from project_service.tags.errors import TooManyTags
from project_service.tags.schemas import CreateTag, TagQuery
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.changes import Change
from shared.events.projects import ProjectRole, RemovedFromProject, TagAdded, TagDeleted, TagState
from shared.events.topics import project_topic
from shared.pagination import PageOf
from shared.principal import Principal

MAX_TAGS = 50
"""Of one project: every view of it shows them all."""


class TagService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, project_id: UUID, query: TagQuery) -> PageOf[TagState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.VIEWER)
            return await repository.find_page(work, principal.tenant_id, project_id, query)

    async def add(self, principal: Principal, project_id: UUID, new: CreateTag) -> TagState:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            project = await projects.lock(work, principal, project_id)  # so that two do not pass the limit together
            require_role(project.my_role, ProjectRole.EDITOR)
            if await repository.count(work, principal.tenant_id, project_id) >= MAX_TAGS:
                raise TooManyTags(details={"limit": MAX_TAGS})
            tag = await repository.add(work, principal.tenant_id, project_id, new, self._clock.now())
            _tell(work, project_id, TagAdded(entity_id=tag.id, version=tag.version, payload=tag))
            return work.answer(tag)

    async def remove(self, principal: Principal, project_id: UUID, tag_id: UUID) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.EDITOR)
            await repository.remove(work, principal.tenant_id, project_id, tag_id)
            gone = RemovedFromProject(id=tag_id, project_id=project_id)
            _tell(work, project_id, TagDeleted(entity_id=tag_id, version=2, payload=gone))


def _tell(work: Work, project_id: UUID, event: Change) -> None:
    work.publish(event, topics=[project_topic(project_id)], subject=str(event.entity_id))
