"""The use cases of tasks, each one transaction."""

from uuid import UUID

from project_service.projects.access import require_role
from project_service.tasks import repository
from project_service.tasks.domain import change_event, differences, require_plausible
from project_service.tasks.schemas import CreateTask, PatchTask, TaskQuery
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.changes import Change, Removed
from shared.events.projects import ProjectRole, TaskAdded, TaskDeleted, TaskState
from shared.events.topics import tasks_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.pagination import PageOf
from shared.principal import Principal


class TaskService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, project_id: UUID, query: TaskQuery) -> PageOf[TaskState]:
        require_plausible("query.due_before", query.due_before)
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, project_id, query)

    async def get(self, principal: Principal, project_id: UUID, task_id: UUID) -> TaskState:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.get(work, principal, project_id, task_id)

    async def add(self, principal: Principal, project_id: UUID, new: CreateTask) -> TaskState:
        require_plausible("due_at", new.due_at)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            task = await repository.add(work, principal, project_id, new, self._clock.now())
            _tell(work, project_id, TaskAdded(entity_id=task.id, version=task.version, payload=task))
            return work.answer(task)

    async def change(
        self, principal: Principal, project_id: UUID, task_id: UUID, patch: PatchTask, if_match: IfMatch
    ) -> TaskState:
        wanted = changes(patch)
        require_plausible("due_at", wanted.get("due_at"))
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before, role = await repository.lock(work, principal, project_id, task_id)
            require_role(role, ProjectRole.EDITOR)
            refuse_stale(if_match, before)
            changed = differences(before, wanted)
            if not changed:
                return before
            after = await repository.update(work, principal, task_id, changed, self._clock.now())
            _tell(work, project_id, change_event(after, tuple(changed)))
            return after

    async def remove(self, principal: Principal, project_id: UUID, task_id: UUID, if_match: IfMatch) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before, role = await repository.lock(work, principal, project_id, task_id)
            require_role(role, ProjectRole.EDITOR)
            refuse_stale(if_match, before)
            await repository.remove(work, principal, task_id)
            gone = TaskDeleted(entity_id=before.id, version=before.version + 1, payload=Removed(before.id))
            _tell(work, project_id, gone)


def _tell(work: Work, project_id: UUID, event: Change) -> None:
    work.publish(event, topics=[tasks_topic(project_id)], subject=str(event.entity_id))
