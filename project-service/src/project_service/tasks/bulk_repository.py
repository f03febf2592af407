"""Writing many tasks of one project with one statement of each kind."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from project_service.tasks.schemas import CreateTask
from shared.db.unit_of_work import Work
from shared.events.projects import TaskState
from shared.principal import Principal

_CREATED = ("title", "description", "status", "priority", "assignee_id", "due_at")


async def add(
    work: Work,
    principal: Principal,
    project_id: UUID,
    new: Mapping[UUID, CreateTask],
    positions: Mapping[UUID, float],
    now: datetime,
) -> None:
    """Tasks without a position go behind all others, in order."""
    await work.execute(
        """
        insert into tasks (tenant_id, project_id, created_by, created_at, updated_at,
                           id, title, description, status, priority, assignee_id, due_at, position)
        select $1, $2, $3, $4, $4, n.id, n.title, n.description, n.status, n.priority, n.assignee_id, n.due_at,
               coalesce(n.position, last.place + n.number + random())
        from unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::uuid[], $11::timestamptz[],
                    $12::float8[]) with ordinality
             as n (id, title, description, status, priority, assignee_id, due_at, position, number),
             (select coalesce(floor(max(t.position)), 0) from tasks t
              where t.tenant_id = $1 and t.project_id = $2) as last (place)
        """,
        principal.tenant_id,
        project_id,
        principal.user_id,
        now,
        list(new),
        *([getattr(task, column) for task in new.values()] for column in _CREATED),
        [positions.get(task_id) for task_id in new],
    )


async def update(
    work: Work, tenant_id: UUID, tasks: Sequence[TaskState], positions: Mapping[UUID, float], now: datetime
) -> None:
    """Writes the tasks as they are given here, each a version later; who has no place in `positions` keeps theirs."""
    await work.execute(
        """
        update tasks t set title = n.title, description = n.description, status = n.status, priority = n.priority,
            assignee_id = n.assignee_id, due_at = n.due_at, position = coalesce(n.position, t.position),
            version = t.version + 1, updated_at = $2
        from unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::timestamptz[],
                    $10::float8[])
             as n (id, title, description, status, priority, assignee_id, due_at, position)
        where t.tenant_id = $1 and t.id = n.id
        """,
        tenant_id,
        now,
        *([getattr(task, column) for task in tasks] for column in ("id", *_CREATED)),
        [positions.get(task.id) for task in tasks],
    )


async def remove(work: Work, tenant_id: UUID, task_ids: Sequence[UUID]) -> None:
    await work.execute("delete from tasks where tenant_id = $1 and id = any($2::uuid[])", tenant_id, list(task_ids))
