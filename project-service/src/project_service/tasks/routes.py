"""HTTP for tasks."""

from uuid import UUID

from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT
from project_service.tasks.bulk import BulkService
from project_service.tasks.errors import (
    BulkConflict,
    BulkInvalid,
    TaskBlocked,
    TaskDependencyCycle,
    TaskDependencyLimit,
    TaskNotFound,
)
from project_service.tasks.schemas import BulkResults, BulkTasks, CreateTask, PatchTask, TaskQuery
from project_service.tasks.service import TaskService
from shared.errors import Forbidden, LimitReached, PreconditionFailed
from shared.events.projects import TaskState
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

TASKS = PROJECT + "/tasks"
TASK = TASKS + "/{task_id}"
DEPENDENCY = TASK + "/depends-on/{other_task_id}"
_WRITE_ERRORS = [ProjectNotFound, TaskNotFound, Forbidden, PreconditionFailed]

routes = Routes("tasks", resource="tasks")


@routes.get(TASKS, summary="List the tasks of a project", errors=[ProjectNotFound])
async def list_tasks(principal: Principal, tasks: TaskService, project_id: UUID, query: TaskQuery) -> PageOf[TaskState]:
    return await tasks.find(principal, project_id, query)


@routes.post(TASKS, summary="Add a task", errors=[ProjectNotFound, Forbidden, LimitReached], location=TASK)
async def add_task(principal: Principal, tasks: TaskService, project_id: UUID, body: CreateTask) -> Created[TaskState]:
    return Created(await tasks.add(principal, project_id, body))


async def require_editor(principal: Principal, bulk: BulkService, project_id: UUID) -> None:
    await bulk.require_editor(principal, project_id)


@routes.post(
    TASKS + "/bulk",
    summary="Add, change and delete tasks, all or nothing",
    errors=[ProjectNotFound, Forbidden, BulkInvalid, BulkConflict, LimitReached],
    authorize=require_editor,
)
async def bulk_tasks(principal: Principal, bulk: BulkService, project_id: UUID, body: BulkTasks) -> BulkResults:
    return await bulk.run(principal, project_id, body.operations)


@routes.get(TASK, summary="Read a task", errors=[ProjectNotFound, TaskNotFound])
async def get_task(principal: Principal, tasks: TaskService, project_id: UUID, task_id: UUID) -> TaskState:
    return await tasks.get(principal, project_id, task_id)


@routes.put(TASK, summary="Change a task (the same as PATCH)", errors=[*_WRITE_ERRORS, TaskBlocked, LimitReached])
@routes.patch(TASK, summary="Change a task", errors=[*_WRITE_ERRORS, TaskBlocked, LimitReached])
async def change_task(
    principal: Principal, tasks: TaskService, project_id: UUID, task_id: UUID, body: PatchTask, if_match: IfMatch
) -> TaskState:
    return await tasks.change(principal, project_id, task_id, body, if_match)


@routes.delete(TASK, summary="Delete a task", errors=_WRITE_ERRORS)
async def remove_task(
    principal: Principal, tasks: TaskService, project_id: UUID, task_id: UUID, if_match: IfMatch
) -> None:
    await tasks.remove(principal, project_id, task_id, if_match)


@routes.post(
    DEPENDENCY,
    summary="Let a task wait for another one",
    errors=[*_WRITE_ERRORS, TaskDependencyCycle, TaskDependencyLimit],
)
async def add_dependency(
    principal: Principal, tasks: TaskService, project_id: UUID, task_id: UUID, other_task_id: UUID, if_match: IfMatch
) -> None:
    await tasks.depend(principal, project_id, task_id, other_task_id, if_match)


@routes.delete(DEPENDENCY, summary="Let a task no longer wait for another one", errors=_WRITE_ERRORS)
async def remove_dependency(
    principal: Principal, tasks: TaskService, project_id: UUID, task_id: UUID, other_task_id: UUID, if_match: IfMatch
) -> None:
    await tasks.stop_depending(principal, project_id, task_id, other_task_id, if_match)
