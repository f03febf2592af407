"""Every query on tasks. Nothing here shows a task to somebody who may not see its project."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from project_service import limits
from project_service.labels.domain import name_key
from project_service.listing import Arguments, SmallInt, SortKey, page_of, select_page, window
from project_service.projects import repository as projects
from project_service.projects.access import membership_join, reachable, role_in
from project_service.projects.errors import ProjectNotFound
from project_service.tasks.errors import TaskNotFound
from project_service.tasks.schemas import ME, CreateTask, TaskQuery
from shared.db.failures import TransactionConflict
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.events.projects import ProjectRole, TaskState, Visibility
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {
    "position": SortKey("position", float),
    "created_at": SortKey("created_at", datetime),
    "updated_at": SortKey("updated_at", datetime),
    "due_at": SortKey("due_key", datetime),
    "priority": SortKey("priority_rank", SmallInt),
    "title": SortKey("title_key", str),
}
_COLUMNS = """
    t.id, t.tenant_id, t.project_id, t.title, t.description, t.status, t.priority, t.assignee_id, t.due_at,
    t.position, t.attachment_count, t.created_by, t.version, t.created_at, t.updated_at,
    array(select u.label_id from task_label_uses u where u.task_id = t.id order by u.label_id) as label_ids,
    array(select d.depends_on_id from task_dependencies d where d.task_id = t.id order by d.depends_on_id) as depends_on
"""
_COUNT = "select coalesce(sum(count), 0)::bigint from task_counts where project_id = $1"
_COUNT_TEXT = "select coalesce(sum(bytes), 0)::bigint from task_counts where project_id = $1"
_SIZE = "coalesce(octet_length(t.description), 0)"
_APPEND_ATTEMPTS = 5
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Unassigned(NamedTuple):
    """How many tasks are nobody's any more, and as they are then those of projects that are not deleted."""

    number: int
    living: list[TaskState]


async def find_page(work: Work, principal: Principal, project_id: UUID, query: TaskQuery) -> PageOf[TaskState]:
    """One query, which is empty where the project is invisible. Raises ProjectNotFound or PageTooLarge."""
    arguments = Arguments([principal.tenant_id, project_id])
    filters = _filters(principal, query, arguments)
    counted = _total(query, filters)
    total = counted if query.include_total else "null::bigint"
    counting = Arguments(arguments)
    visible = _may(principal, ProjectRole.VIEWER, arguments)
    page = window(query, query.sort, SORT_KEYS, "t", arguments)
    statement = f"""
        select {_COLUMNS}, {page.sort_column} as sort_key, {total} as total, {_SIZE} as bytes from tasks t
        where t.tenant_id = $1 and t.project_id = $2 and {visible} {filters} {page.condition} {page.order}
    """
    rows = await select_page(work, query, statement, arguments)
    count = rows[0]["total"] if rows else await _count_of_empty_page(work, principal, query, counted, counting)
    return page_of(query, query.sort, rows, msgspec.convert(rows, list[TaskState]), count)


async def get(work: Work, principal: Principal, project_id: UUID, task_id: UUID) -> TaskState:
    """Raises ProjectNotFound or TaskNotFound."""
    row = await _get_one(work, principal, project_id, task_id)
    return msgspec.convert(row, TaskState)


async def lock(work: Work, principal: Principal, project_id: UUID, task_id: UUID) -> tuple[TaskState, ProjectRole]:
    """The task, which nobody else writes until this transaction ends, and the caller's role in its project."""
    row = await _get_one(work, principal, project_id, task_id, locking="for no key update of t")
    member_role = None if row["member_role"] is None else ProjectRole(row["member_role"])
    role = role_in(principal, Visibility(row["visibility"]), member_role)
    assert role is not None  # the query returned a visible row
    return msgspec.convert(row, TaskState), role


async def lock_many(work: Work, tenant_id: UUID, project_id: UUID, task_ids: Iterable[UUID]) -> list[TaskState]:
    """Those of the tasks that there are; nobody else writes them until this transaction ends."""
    rows = await work.rows(
        f"""
        select {_COLUMNS} from tasks t
        where t.tenant_id = $1 and t.project_id = $2 and t.id = any($3::uuid[])
        order by t.id for no key update of t
        """,
        tenant_id,
        project_id,
        list(task_ids),
    )
    return msgspec.convert(rows, list[TaskState])


async def read_many(work: Work, tenant_id: UUID, task_ids: Iterable[UUID]) -> list[TaskState]:
    """In the order of their places."""
    rows = await work.rows(
        f"select {_COLUMNS} from tasks t where t.tenant_id = $1 and t.id = any($2::uuid[]) order by t.position",
        tenant_id,
        list(task_ids),
    )
    return msgspec.convert(rows, list[TaskState])


async def add(work: Work, principal: Principal, project_id: UUID, new: CreateTask, now: datetime) -> TaskState:
    """Right and row in one statement, without the labels. Raises ProjectNotFound, Forbidden or LimitReached.

    Behind all others is the next whole number and a random part of one: whoever appends at the same moment stands
    elsewhere, and nobody waits for anybody.
    """
    values = [new.title, new.description, new.status, new.priority, new.assignee_id, new.due_at, new.position]
    arguments = Arguments([principal.tenant_id, project_id, new_id(), principal.user_id, now, *values])
    statement = f"""
        insert into tasks as t (tenant_id, project_id, id, created_by, created_at, updated_at,
                                title, description, status, priority, assignee_id, due_at, position)
        select $1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, coalesce($12::float8, (
            select floor(max(last.position)) + 1 + random() from tasks last where last.project_id = $2
        ), 1)
        where {_may(principal, ProjectRole.EDITOR, arguments)}
        on conflict (project_id, position) do nothing
        returning {_COLUMNS}
        """
    for _ in range(_APPEND_ATTEMPTS):
        row = await work.row(statement, *arguments)
        if row is not None:
            await require_room(work, project_id, [new])
            return msgspec.convert(row, TaskState)
        await projects.require(work, principal, project_id, ProjectRole.EDITOR)
    raise TransactionConflict


async def require_room(work: Work, project_id: UUID, added: Sequence[CreateTask]) -> None:
    """After these were added. Raises LimitReached."""
    await require_within(work, limits.TASKS_OF_PROJECT, _COUNT, project_id, added=len(added))
    await require_room_for_text(work, project_id, sum(bytes_of(task.title, task.description) for task in added))


async def require_room_for_text(work: Work, project_id: UUID, growth: int) -> None:
    """After texts became so many bytes longer: what does not grow is never refused. Raises LimitReached."""
    if growth > 0:
        await require_within(work, limits.TEXT_OF_TASKS, _COUNT_TEXT, project_id, added=growth)


def growth(before: TaskState, after: TaskState) -> int:
    """By how many bytes the texts of a task are longer than before."""
    return bytes_of(after.title, after.description) - bytes_of(before.title, before.description)


def bytes_of(*texts: str | None) -> int:
    return sum(len(text.encode()) for text in texts if text is not None)


async def update(
    work: Work, principal: Principal, task_id: UUID, changes: Mapping[str, Any], now: datetime
) -> TaskState:
    """`changes` maps columns to values."""
    arguments = Arguments([principal.tenant_id, task_id, now])
    columns = "".join(f"{column} = {arguments.add(value)}, " for column, value in changes.items())
    [row] = await work.rows(
        f"""
        update tasks t set {columns}version = t.version + 1, updated_at = $3
        where t.tenant_id = $1 and t.id = $2 returning {_COLUMNS}
        """,
        *arguments,
    )
    return msgspec.convert(row, TaskState)


async def unassign(
    work: Work, tenant_id: UUID, user_id: UUID, project_id: UUID | None, until: datetime, at_most: int, now: datetime
) -> Unassigned:
    """Takes tasks off somebody that were last written by then, of one project or of all. There may be more."""
    rows = await work.rows(_UNASSIGN, tenant_id, user_id, project_id, until, at_most, now)
    living = [row for row in rows if not row["is_of_deleted"]]
    return Unassigned(len(rows), msgspec.convert(living, list[TaskState]))


async def remove(work: Work, principal: Principal, task_id: UUID) -> None:
    await work.execute("delete from tasks where tenant_id = $1 and id = $2", principal.tenant_id, task_id)


async def _get_one(
    work: Work, principal: Principal, project_id: UUID, task_id: UUID, locking: str = ""
) -> dict[str, Any]:
    arguments = Arguments([principal.tenant_id, project_id, task_id])
    join = membership_join(principal, arguments)
    row = await work.row(
        f"""
        select {_COLUMNS}, p.visibility, m.role as member_role
        from tasks t join projects p on p.id = t.project_id {join}
        where t.tenant_id = $1 and t.project_id = $2 and t.id = $3
          and p.deleted_at is null and {reachable(principal, ProjectRole.VIEWER, arguments)}
        {locking}
        """,
        *arguments,
    )
    if row is None:
        await projects.require(work, principal, project_id, ProjectRole.VIEWER)
        raise TaskNotFound
    return row


def _may(principal: Principal, needed: ProjectRole, arguments: Arguments) -> str:
    """The caller has the role `needed` in project `$2` of tenant `$1`; evaluated once per statement."""
    join = membership_join(principal, arguments)
    return f"""exists (
        select from projects p {join}
        where p.tenant_id = $1 and p.id = $2 and p.deleted_at is null and {reachable(principal, needed, arguments)}
    )"""


def _filters(principal: Principal, query: TaskQuery, arguments: Arguments) -> str:
    text = ""
    if query.status is not None:
        text += f" and t.status = {arguments.add(query.status)}"
    if query.priority is not None:
        text += f" and t.priority = {arguments.add(query.priority)}"
    if query.assignee_id is not None:
        assignee = principal.user_id if query.assignee_id.lower() == ME else UUID(query.assignee_id)
        text += f" and t.assignee_id = {arguments.add(assignee)}"
    if query.label is not None:
        used = f"u.task_id = t.id and {_is_label(query.label, arguments)}"
        text += f" and exists (select from task_label_uses u where {used})"
    if query.due_before is not None:
        text += f" and t.due_key < {arguments.add(query.due_before)}"
    if query.q is not None:
        text += f" and position(lower({arguments.add(query.q)}) in lower(t.title)) > 0"
    return text


def _is_label(label: str, arguments: Arguments) -> str:
    if _UUID.fullmatch(label):
        return f"u.label_id = {arguments.add(UUID(label))}"
    named = f"select l.id from task_labels l where l.project_id = $2 and l.name_key = {arguments.add(name_key(label))}"
    return f"u.label_id = ({named})"


def _total(query: TaskQuery, filters: str) -> str:
    """By status, tasks are counted already; every other choice has to be counted now."""
    uncounted = (query.priority, query.assignee_id, query.label, query.due_before, query.q)
    if all(choice is None for choice in uncounted):
        kept = "select coalesce(sum(t.count), 0)::bigint from task_counts t"
        return f"({kept} where t.tenant_id = $1 and t.project_id = $2 {filters})"
    return f"(select count(*) from tasks t where t.tenant_id = $1 and t.project_id = $2 {filters})"


async def _count_of_empty_page(
    work: Work, principal: Principal, query: TaskQuery, total: str, counting: Arguments
) -> int | None:
    visible = _may(principal, ProjectRole.VIEWER, counting)
    row = await work.row(f"select {total} as total where {visible}", *counting)
    if row is None:
        raise ProjectNotFound
    return row["total"] if query.include_total else None


# By way of the projects: `tasks_by_assignee` begins with them, and an index by tenant would cost every assignment.
_UNASSIGN = f"""
update tasks t set assignee_id = null, version = t.version + 1, updated_at = $6
where t.tenant_id = $1 and t.id = any(array(
    select assigned.id from projects p cross join lateral (
        select a.id from tasks a
        where a.tenant_id = $1 and a.project_id = p.id and a.assignee_id = $2 and a.updated_at <= $4
        order by a.position, a.id limit $5
    ) assigned where p.tenant_id = $1 and ($3::uuid is null or p.id = $3) limit $5
)) and t.assignee_id = $2 and t.updated_at <= $4
returning {_COLUMNS}, (
    select p.deleted_at is not null from projects p where p.tenant_id = $1 and p.id = t.project_id
) as is_of_deleted
"""
