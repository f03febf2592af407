"""Every query on projects and their members. Nothing here shows a project to somebody who may not see it."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service.listing import Arguments, SortKey, page_of, window
from project_service.projects.access import membership_join, reachable, require_role, role_in
from project_service.projects.errors import ProjectNotFound
from project_service.projects.schemas import CreateProject, ProjectQuery, ProjectView
from shared.db.unit_of_work import Work
from shared.events.projects import ProjectRole, Visibility
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {
    "name": SortKey("name_key", str),
    "created_at": SortKey("created_at", datetime),
    "updated_at": SortKey("updated_at", datetime),
}
_COLUMNS = """
    p.id, p.tenant_id, p.name, p.description, p.owner_id, p.visibility, p.archived,
    p.version, p.created_at, p.updated_at
"""
_COUNTS = """
    left join lateral (
        select coalesce(sum(c.count), 0)::int as tasks,
               coalesce(sum(c.count) filter (where c.status <> 'done'), 0)::int as open_tasks
        from task_counts c where c.project_id = p.id
    ) counts on true
"""


async def find_page(work: Work, principal: Principal, query: ProjectQuery) -> PageOf[ProjectView]:
    arguments = Arguments()
    join = membership_join(principal, arguments)
    where = _visible(principal, arguments) + _filters(query, arguments)
    counted = f"select count(*) from projects p {join} where {where}"
    total = f"({counted})" if query.include_total else "null::bigint"
    counting = Arguments(arguments)
    page = window(query, query.sort, SORT_KEYS, "p", arguments)
    rows = await work.rows(
        f"""
        select {_COLUMNS}, m.role as member_role, counts.tasks, counts.open_tasks,
               {page.sort_column} as sort_key, {total} as total
        from projects p {join} {_COUNTS}
        where {where} {page.condition} {page.order}
        """,
        *arguments,
    )
    if rows or not query.include_total:
        count = rows[0]["total"] if rows else None
    else:
        [row] = await work.rows(counted, *counting)
        count = row["count"]
    return page_of(query, query.sort, rows, [_view(principal, row) for row in rows], count)


async def get(work: Work, principal: Principal, project_id: UUID) -> ProjectView:
    """Raises ProjectNotFound."""
    return await _get_one(work, principal, project_id)


async def lock(work: Work, principal: Principal, project_id: UUID) -> ProjectView:
    """The same, and nobody else writes it until this transaction ends."""
    return await _get_one(work, principal, project_id, locking="for no key update of p")


async def is_visible(work: Work, principal: Principal, project_id: UUID) -> bool:
    return await role_of(work, principal, project_id) is not None


async def require(work: Work, principal: Principal, project_id: UUID, needed: ProjectRole) -> None:
    """Raises ProjectNotFound or Forbidden."""
    require_role(await role_of(work, principal, project_id), needed)


async def add(work: Work, principal: Principal, new: CreateProject, now: datetime) -> ProjectView:
    """The creator becomes its owner and first member."""
    row = await work.row(
        f"""
        with p as (
            insert into projects as p (id, tenant_id, owner_id, name, description, visibility, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $7) returning {_COLUMNS}
        ), m as (
            insert into project_members (id, tenant_id, project_id, user_id, role, created_at)
            select $8, p.tenant_id, p.id, p.owner_id, '{ProjectRole.OWNER}', p.created_at from p returning role
        )
        select p.*, m.role as member_role, 0 as tasks, 0 as open_tasks from p, m
        """,
        new_id(),
        principal.tenant_id,
        principal.user_id,
        new.name,
        new.description,
        new.visibility,
        now,
        new_id(),
    )
    return _view(principal, _only(row))


async def add_member(
    work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID, role: ProjectRole, now: datetime
) -> None:
    """The stronger role counts when they are a member already. Nothing is added to a project that is gone."""
    await work.execute(_ADD_MEMBER, new_id(), tenant_id, project_id, user_id, role.value, now)


async def update(
    work: Work, principal: Principal, before: ProjectView, changes: Mapping[str, Any], now: datetime
) -> ProjectView:
    """`changes` maps columns to values."""
    arguments = Arguments([principal.tenant_id, before.id, now])
    columns = ", ".join(f"{column} = {arguments.add(value)}" for column, value in changes.items())
    row = await work.row(
        f"""
        update projects p set {columns}, version = p.version + 1, updated_at = $3
        where p.tenant_id = $1 and p.id = $2 returning {_COLUMNS}
        """,
        *arguments,
    )
    unchanged = {"my_role": before.my_role, "counts": before.counts}
    return msgspec.convert({**_only(row), **unchanged}, ProjectView)


async def lock_deleted(work: Work, principal: Principal, project_id: UUID, since: datetime) -> ProjectView | None:
    """A project deleted after `since` that the caller owns."""
    arguments = Arguments()
    join = membership_join(principal, arguments)
    row = await work.row(
        f"""
        select {_COLUMNS}, m.role as member_role, counts.tasks, counts.open_tasks from projects p {join} {_COUNTS}
        where p.tenant_id = {arguments.add(principal.tenant_id)} and p.id = {arguments.add(project_id)}
          and p.deleted_at > {arguments.add(since)} and {reachable(principal, ProjectRole.OWNER, arguments)}
        for no key update of p
        """,
        *arguments,
    )
    return _view(principal, row) if row else None


async def _get_one(work: Work, principal: Principal, project_id: UUID, locking: str = "") -> ProjectView:
    arguments = Arguments()
    join = membership_join(principal, arguments)
    where = _visible(principal, arguments)
    row = await work.row(
        f"""
        select {_COLUMNS}, m.role as member_role, counts.tasks, counts.open_tasks from projects p {join} {_COUNTS}
        where {where} and p.id = {arguments.add(project_id)} {locking}
        """,
        *arguments,
    )
    return _view(principal, _only(row))


async def role_of(work: Work, principal: Principal, project_id: UUID) -> ProjectRole | None:
    """None where there is nothing for them to see."""
    arguments = Arguments()
    join = membership_join(principal, arguments)
    row = await work.row(
        f"""
        select p.visibility, m.role from projects p {join}
        where p.tenant_id = {arguments.add(principal.tenant_id)} and p.id = {arguments.add(project_id)}
          and p.deleted_at is null
        """,
        *arguments,
    )
    return role_in(principal, Visibility(row["visibility"]), _member_role(row["role"])) if row else None


def _visible(principal: Principal, arguments: Arguments) -> str:
    condition = reachable(principal, ProjectRole.VIEWER, arguments)
    return f"p.tenant_id = {arguments.add(principal.tenant_id)} and p.deleted_at is null and {condition}"


def _filters(query: ProjectQuery, arguments: Arguments) -> str:
    text = ""
    if query.archived is not None:
        text += f" and p.archived = {arguments.add(query.archived)}"
    if query.q is not None:
        text += f" and position(lower({arguments.add(query.q)}) in lower(p.name)) > 0"
    return text


def _view(principal: Principal, row: Mapping[str, Any]) -> ProjectView:
    counts = {"tasks": row["tasks"], "open_tasks": row["open_tasks"]}
    role = role_in(principal, Visibility(row["visibility"]), _member_role(row["member_role"]))
    return msgspec.convert({**row, "my_role": role, "counts": counts}, ProjectView)


def _member_role(text: str | None) -> ProjectRole | None:
    return None if text is None else ProjectRole(text)


def _only(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        raise ProjectNotFound
    return row


_ADD_MEMBER = """
insert into project_members as m (id, tenant_id, project_id, user_id, role, created_at)
select $1::uuid, p.tenant_id, p.id, $4::uuid, $5::text, $6::timestamptz
from projects p where p.tenant_id = $2 and p.id = $3 and p.deleted_at is null
on conflict (project_id, user_id) do update set role = excluded.role
where array_position(array['viewer', 'editor', 'owner'], excluded.role)
    > array_position(array['viewer', 'editor', 'owner'], m.role)
"""
