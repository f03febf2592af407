"""Many tasks in one transaction, in a number of statements that does not grow with them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from project_service.labels import repository as labels
from project_service.projects import repository as projects
from project_service.tasks import bulk_repository, dependencies, places, repository
from project_service.tasks.bulk_plan import Plan, Refusals, read_plan
from project_service.tasks.domain import (
    change_event,
    differences,
    removal_event,
    still_open,
    unknown_assignee,
    unknown_labels,
)
from project_service.tasks.errors import TaskBlocked, TaskNotFound
from project_service.tasks.schemas import BulkAction, BulkOperation, BulkResult, BulkResults
from project_service.tasks.service import tell, tell_moved
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.failures import retry_transient
from shared.db.unit_of_work import Work
from shared.errors import FieldError, PreconditionFailed, ValidationFailed
from shared.events.projects import ProjectRole, TaskAdded, TaskState, TaskStatus
from shared.members import repository as members
from shared.principal import Principal


class BulkService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def require_editor(self, principal: Principal, project_id: UUID) -> None:
        """Raises ProjectNotFound or Forbidden."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            await projects.require(work, principal, project_id, ProjectRole.EDITOR)

    @retry_transient()
    async def run(self, principal: Principal, project_id: UUID, operations: Sequence[BulkOperation]) -> BulkResults:
        """All or nothing. Raises BulkInvalid or BulkConflict, which name every operation that cannot be done."""
        plan = read_plan(operations)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            if plan.needs_structure:
                await places.hold_structure(work, principal.tenant_id, project_id)
            await projects.require(work, principal, project_id, ProjectRole.EDITOR)
            batch = _Batch(work, principal, project_id, plan, self._clock)
            await batch.check()
            await batch.write()
            results = await batch.tell()
            return work.answer(BulkResults([results[index] for index in sorted(results)]))


class _Batch:
    """One request at work: `before` and `changed` hold what is there and what becomes different, by task."""

    def __init__(self, work: Work, principal: Principal, project_id: UUID, plan: Plan, clock: Clock) -> None:
        self._work = work
        self._principal = principal
        self._tenant_id = principal.tenant_id
        self._project_id = project_id
        self._plan = plan
        self._now = clock.now()
        self._before: dict[UUID, TaskState] = {}
        self._changed: dict[UUID, dict[str, Any]] = {}

    async def check(self) -> None:
        refusals = Refusals()
        ids = [operation.id for operation in self._plan.existing]
        tasks = await repository.lock_many(self._work, self._tenant_id, self._project_id, ids) if ids else []
        self._before = {task.id: task for task in tasks}
        for operation in self._plan.existing:
            task = self._before.get(operation.id)
            if task is None:
                refusals.add(operation.index, TaskNotFound())
            elif operation.if_version not in (None, task.version):
                refusals.add(operation.index, PreconditionFailed(details={"current": msgspec.to_builtins(task)}))
        for alteration in self._plan.alterations:
            if alteration.id in self._before:
                self._changed[alteration.id] = differences(self._before[alteration.id], alteration.wanted)
        await self._check_assignees(refusals)
        await self._check_labels(refusals)
        await self._check_dependencies(refusals)
        refusals.raise_any()

    async def _check_assignees(self, refusals: Refusals) -> None:
        wanted = [(creation.index, creation.new.assignee_id) for creation in self._plan.creations]
        wanted += [(each.index, each.wanted.get("assignee_id")) for each in self._plan.alterations]
        caller = self._principal.user_id
        asked = {assignee_id for _, assignee_id in wanted if assignee_id not in (None, caller)}
        if not asked:
            return
        known = {caller, *await members.known(self._work, self._tenant_id, asked)}
        for index, assignee_id in wanted:
            if wrong := unknown_assignee(assignee_id, known):
                refusals.add(index, ValidationFailed(_within_data(wrong)))

    async def _check_labels(self, refusals: Refusals) -> None:
        wanted = [(creation.index, creation.new.label_ids) for creation in self._plan.creations]
        wanted += [(each.index, each.wanted.get("label_ids", ())) for each in self._plan.alterations]
        asked = {label_id for _, label_ids in wanted for label_id in label_ids}
        if not asked:
            return
        known = await labels.existing(self._work, self._tenant_id, self._project_id, asked)
        for index, label_ids in wanted:
            if wrong := unknown_labels(label_ids, known):
                refusals.add(index, ValidationFailed(_within_data(wrong)))

    async def _check_dependencies(self, refusals: Refusals) -> None:
        """What counts is how the tasks are when all is done: a task and what it waits for can be finished together."""
        statuses = {task_id: changed["status"] for task_id, changed in self._changed.items() if "status" in changed}
        finished = {task_id for task_id, status in statuses.items() if status is TaskStatus.DONE}
        if not finished:
            return
        gone = {removal.id: TaskStatus.DONE for removal in self._plan.removals}
        needed = await dependencies.of(self._work, self._tenant_id, finished)
        for alteration in self._plan.alterations:
            if alteration.id in finished:
                own = (each for each in needed if each.task_id == alteration.id)
                if blocking := still_open(own, {**statuses, **gone}):
                    refusals.add(alteration.index, TaskBlocked(details={"open": blocking}))

    async def write(self) -> None:
        work, tenant_id = self._work, self._tenant_id
        if self._plan.removals:
            await bulk_repository.remove(work, tenant_id, [removal.id for removal in self._plan.removals])
        settled, contested = await self._assign_places()
        if self._plan.creations:
            new = {creation.id: creation.new for creation in self._plan.creations}
            await bulk_repository.add(work, self._principal, self._project_id, new, settled, self._now)
        await self._write_changes(settled)
        if self._plan.creations:
            await repository.require_room(work, self._project_id, [each.new for each in self._plan.creations])
        await self._write_labels()
        for task_id, position in contested.items():
            await self._squeeze_in(task_id, position)

    async def _assign_places(self) -> tuple[dict[UUID, float], dict[UUID, float]]:
        """The places asked for that are free once the movers have left theirs, and those that somebody has already."""
        movers = {task_id: changed["position"] for task_id, changed in self._changed.items() if "position" in changed}
        new = {each.id: each.new.position for each in self._plan.creations if each.new.position is not None}
        wanted = {**movers, **new}
        if not wanted:
            return {}, {}
        if movers:
            await places.park(self._work, self._tenant_id, list(movers))
        seen = await places.taken(self._work, self._tenant_id, self._project_id, wanted.values())
        settled: dict[UUID, float] = {}
        for task_id, position in wanted.items():
            if position not in seen:
                settled[task_id] = position
                seen.add(position)
        return settled, {task_id: position for task_id, position in wanted.items() if task_id not in settled}

    async def _write_changes(self, settled: dict[UUID, float]) -> None:
        altered = [
            msgspec.structs.replace(self._before[task_id], **changed)
            for task_id, changed in self._changed.items()
            if changed
        ]
        if altered:
            await bulk_repository.update(self._work, self._tenant_id, altered, settled, self._now)
            growth = sum(repository.growth(self._before[task.id], task) for task in altered)
            await repository.require_room_for_text(self._work, self._project_id, growth)

    async def _write_labels(self) -> None:
        wanted = {each.id: set(each.new.label_ids) for each in self._plan.creations if each.new.label_ids}
        wanted |= {
            task_id: set(changed["label_ids"]) for task_id, changed in self._changed.items() if "label_ids" in changed
        }
        if wanted:
            await labels.replace(self._work, self._tenant_id, wanted)

    async def _squeeze_in(self, task_id: UUID, wanted: float) -> None:
        found = await places.settle(self._work, self._tenant_id, self._project_id, wanted, self._now, [task_id])
        await places.put(self._work, self._tenant_id, task_id, found.position)
        others = [moved for moved in found.moved if not self._changed.get(moved) and moved not in self._created]
        await tell_moved(self._work, self._tenant_id, self._project_id, others)

    @property
    def _created(self) -> set[UUID]:
        return {creation.id for creation in self._plan.creations}

    async def tell(self) -> dict[int, BulkResult]:
        """Publishes what happened; the results by the index of their operation."""
        written = [*self._created, *self._changed]
        tasks = await repository.read_many(self._work, self._tenant_id, written) if written else []
        after = {task.id: task for task in tasks}
        results: dict[int, BulkResult] = {}
        for creation in self._plan.creations:
            task = after[creation.id]
            tell(self._work, self._project_id, TaskAdded(entity_id=task.id, version=task.version, payload=task))
            results[creation.index] = BulkResult(op=BulkAction.CREATE, id=task.id, data=task)
        for alteration in self._plan.alterations:
            task = after[alteration.id]
            if changed := self._changed[task.id]:
                tell(self._work, self._project_id, change_event(task, tuple(changed)))
            results[alteration.index] = BulkResult(op=BulkAction.UPDATE, id=task.id, data=task)
        for removal in self._plan.removals:
            tell(self._work, self._project_id, removal_event(self._before[removal.id]))
            results[removal.index] = BulkResult(op=BulkAction.DELETE, id=removal.id)
        return results


def _within_data(fields: Sequence[FieldError]) -> list[FieldError]:
    return [FieldError(f"data.{field.path}", field.code, field.message) for field in fields]
