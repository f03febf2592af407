"""The use cases of tasks, each one transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service.labels import repository as labels
from project_service.projects import repository as projects
from project_service.projects.access import require_role
from project_service.tasks import dependencies, places, repository
from project_service.tasks.domain import (
    change_event,
    differences,
    removal_event,
    require_plausible,
    still_open,
    unknown_assignee,
    unknown_labels,
)
from project_service.tasks.errors import TaskBlocked, TaskDependencyCycle, TaskDependencyLimit
from project_service.tasks.schemas import CreateTask, PatchTask, TaskQuery
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.failures import retry_transient
from shared.db.unit_of_work import Work
from shared.errors import ValidationFailed
from shared.events.changes import Change
from shared.events.projects import ProjectRole, TaskAdded, TaskState, TaskStatus
from shared.events.topics import tasks_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.members import repository as members
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
            if new.position is not None:
                await places.hold_structure(work, principal.tenant_id, project_id)
                await projects.require(work, principal, project_id, ProjectRole.EDITOR)
                position = await self._settle(work, principal.tenant_id, project_id, new.position)
                new = msgspec.structs.replace(new, position=position)
            await _require_assignee(work, principal, new.assignee_id)
            task = await repository.add(work, principal, project_id, new, self._clock.now())
            if new.label_ids:
                task = await self._label(work, task, new.label_ids)
            tell(work, project_id, TaskAdded(entity_id=task.id, version=task.version, payload=task))
            return work.answer(task)

    @retry_transient()
    async def change(
        self, principal: Principal, project_id: UUID, task_id: UUID, patch: PatchTask, if_match: IfMatch
    ) -> TaskState:
        wanted = changes(patch)
        require_plausible("due_at", wanted.get("due_at"))
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            if "position" in wanted:
                await places.hold_structure(work, principal.tenant_id, project_id)
            before = await self._lock(work, principal, project_id, task_id, if_match)
            changed = differences(before, wanted)
            if not changed:
                return before
            columns = await self._prepare(work, principal, before, changed)
            after = await repository.update(work, principal, task_id, columns, self._clock.now())
            await repository.require_room_for_text(work, project_id, repository.growth(before, after))
            tell(work, project_id, change_event(after, tuple(changed)))
            return after

    async def remove(self, principal: Principal, project_id: UUID, task_id: UUID, if_match: IfMatch) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await self._lock(work, principal, project_id, task_id, if_match)
            await repository.remove(work, principal, task_id)
            tell(work, project_id, removal_event(before))

    async def depend(
        self, principal: Principal, project_id: UUID, task_id: UUID, other_id: UUID, if_match: IfMatch
    ) -> None:
        """Raises TaskNotFound for either task, TaskDependencyCycle or TaskDependencyLimit."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            await places.hold_structure(work, principal.tenant_id, project_id)
            before = await self._lock(work, principal, project_id, task_id, if_match)
            await dependencies.require_other(work, principal.tenant_id, project_id, other_id)
            if other_id not in before.depends_on:
                if await dependencies.leads_to(work, principal.tenant_id, other_id, task_id):
                    raise TaskDependencyCycle
                if len(before.depends_on) >= dependencies.MAX_DEPENDENCIES:
                    raise TaskDependencyLimit
                await dependencies.add(work, principal.tenant_id, task_id, other_id)
                await self._touch(work, principal, before, "depends_on")
            work.answer(None)

    async def stop_depending(
        self, principal: Principal, project_id: UUID, task_id: UUID, other_id: UUID, if_match: IfMatch
    ) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await self._lock(work, principal, project_id, task_id, if_match)
            await dependencies.require_other(work, principal.tenant_id, project_id, other_id)
            if other_id in before.depends_on:
                await dependencies.remove(work, principal.tenant_id, task_id, other_id)
                await self._touch(work, principal, before, "depends_on")

    async def _lock(
        self, work: Work, principal: Principal, project_id: UUID, task_id: UUID, if_match: IfMatch
    ) -> TaskState:
        """The task, which the caller may write and nobody else does meanwhile."""
        task, role = await repository.lock(work, principal, project_id, task_id)
        require_role(role, ProjectRole.EDITOR)
        refuse_stale(if_match, task)
        return task

    async def _touch(self, work: Work, principal: Principal, before: TaskState, changed: str) -> None:
        after = await repository.update(work, principal, before.id, {}, self._clock.now())
        tell(work, before.project_id, change_event(after, (changed,)))

    async def _prepare(
        self, work: Work, principal: Principal, before: TaskState, changed: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Checks and does what a change means beyond the task's own row; answers the columns that are left."""
        columns = dict(changed)
        tenant_id, project_id = before.tenant_id, before.project_id
        if changed.get("status") is TaskStatus.DONE:
            needed = await dependencies.of(work, tenant_id, [before.id])
            if blocking := still_open(needed, {}):
                raise TaskBlocked(details={"open": blocking})
        await _require_assignee(work, principal, changed.get("assignee_id"))
        if "position" in changed:
            columns["position"] = await self._settle(work, tenant_id, project_id, changed["position"], [before.id])
        if "label_ids" in changed:
            await self._label(work, before, columns.pop("label_ids"))
        return columns

    async def _settle(
        self, work: Work, tenant_id: UUID, project_id: UUID, wanted: float, moving: Collection[UUID] = ()
    ) -> float:
        settled = await places.settle(work, tenant_id, project_id, wanted, self._clock.now(), moving)
        await tell_moved(work, tenant_id, project_id, settled.moved)
        return settled.position

    async def _label(self, work: Work, task: TaskState, label_ids: Collection[UUID]) -> TaskState:
        """Raises ValidationFailed for what is no label of the task's project."""
        known = await labels.existing(work, task.tenant_id, task.project_id, label_ids)
        if wrong := unknown_labels(label_ids, known):
            raise ValidationFailed(wrong)
        await labels.replace(work, task.tenant_id, {task.id: known})
        return msgspec.structs.replace(task, label_ids=tuple(sorted(known)))


async def _require_assignee(work: Work, principal: Principal, assignee_id: UUID | None) -> None:
    """Raises ValidationFailed for somebody who is not in the tenant."""
    if assignee_id in (None, principal.user_id):
        return
    if wrong := unknown_assignee(assignee_id, await members.known(work, principal.tenant_id, [assignee_id])):
        raise ValidationFailed(wrong)


async def unassign(
    work: Work, tenant_id: UUID, user_id: UUID, project_id: UUID | None, until: datetime, at_most: int, now: datetime
) -> int:
    """Takes tasks off somebody who has left; returns how many, and there may be more.

    Nobody hears of those of a deleted project: what they said is gone.
    """
    unassigned = await repository.unassign(work, tenant_id, user_id, project_id, until, at_most, now)
    for task in unassigned.living:
        tell(work, task.project_id, change_event(task, ("assignee_id",)))
    return unassigned.number


async def tell_moved(work: Work, tenant_id: UUID, project_id: UUID, task_ids: Collection[UUID]) -> None:
    """Of tasks that stand elsewhere because another one needed room."""
    if task_ids:
        for task in await repository.read_many(work, tenant_id, task_ids):
            tell(work, project_id, change_event(task, ("position",)))


def tell(work: Work, project_id: UUID, event: Change) -> None:
    work.publish(event, topics=[tasks_topic(project_id)], subject=str(event.entity_id))
