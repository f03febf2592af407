"""Every query on what has to be done before what."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from project_service.tasks.domain import Needed
from project_service.tasks.errors import TaskNotFound
from shared.db.unit_of_work import Work

MAX_DEPENDENCIES = 100
"""Of one task: it is listed with all of them."""


async def require_other(work: Work, tenant_id: UUID, project_id: UUID, task_id: UUID) -> None:
    """It stays until this transaction ends. Raises TaskNotFound, also for a task of another project."""
    row = await work.row(
        "select id from tasks where tenant_id = $1 and project_id = $2 and id = $3 for key share",
        tenant_id,
        project_id,
        task_id,
    )
    if row is None:
        raise TaskNotFound


async def leads_to(work: Work, tenant_id: UUID, task_id: UUID, other_id: UUID) -> bool:
    """`task_id` is `other_id`, or depends on it over any number of steps."""
    row = await work.row(
        """
        with recursive reached (id) as (
            select $2::uuid
            union
            select d.depends_on_id from task_dependencies d join reached r on d.task_id = r.id where d.tenant_id = $1
        )
        select exists (select from reached where id = $3) as is_reached
        """,
        tenant_id,
        task_id,
        other_id,
    )
    return row is not None and row["is_reached"]


async def add(work: Work, tenant_id: UUID, task_id: UUID, other_id: UUID) -> None:
    await work.execute(
        "insert into task_dependencies (task_id, depends_on_id, tenant_id) values ($1, $2, $3)",
        task_id,
        other_id,
        tenant_id,
    )


async def remove(work: Work, tenant_id: UUID, task_id: UUID, other_id: UUID) -> None:
    await work.execute(
        "delete from task_dependencies where tenant_id = $1 and task_id = $2 and depends_on_id = $3",
        tenant_id,
        task_id,
        other_id,
    )


async def of(work: Work, tenant_id: UUID, task_ids: Collection[UUID]) -> list[Needed]:
    """What the tasks depend on. Until this transaction ends it stays as it is: what was found done is not reopened."""
    rows = await work.rows(
        """
        select d.task_id, o.id, o.title, o.status
        from task_dependencies d join tasks o on o.id = d.depends_on_id
        where d.tenant_id = $1 and d.task_id = any($2::uuid[])
        order by o.id for share of o
        """,
        tenant_id,
        list(task_ids),
    )
    return msgspec.convert(rows, list[Needed])
