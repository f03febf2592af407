"""Every query on projects and their members. Nothing here shows a project to somebody who may not see it."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from project_service.listing import Arguments, SortKey, fetch_page, page_of
from project_service.members.repository import owner_of_tenant
from project_service.projects.access import membership_join, reach, reachable, require_role, role_in
from project_service.projects.errors import ProjectNotFound
from project_service.projects.schemas import CreateProject, ProjectCounts, ProjectQuery, ProjectView
from shared.db.unit_of_work import Work
from shared.events.projects import ProjectRole, ProjectState, Visibility
from shared.ids import new_id
from shared.members.leavings import Leaving
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
_DETAIL_COLUMNS = """
    m.role as member_role, f.user_id is not null as is_favorite, tagged.tags,
    counts.tasks, counts.open_tasks, team.members
"""
_DETAILS = """
    left join lateral (
        select coalesce(sum(c.count), 0)::int as tasks,
               coalesce(sum(c.count) filter (where c.status <> 'done'), 0)::int as open_tasks
        from task_counts c where c.project_id = p.id
    ) counts on true
    left join lateral (
        select count(*)::int as members from project_members others where others.project_id = p.id
    ) team on true
    left join lateral (
        select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name, 'color', t.color)
                        order by t.name_key), '[]') as tags
        from project_tags t where t.project_id = p.id
    ) tagged on true
"""


class PassedOn(NamedTuple):
    """How many projects have another owner, and as they are then those that are not deleted."""

    number: int
    living: list[ProjectState]


async def find_page(work: Work, principal: Principal, query: ProjectQuery) -> PageOf[ProjectView]:
    arguments = Arguments()
    tables = f"projects p {_own_joins(principal, arguments)}"
    rows, total = await fetch_page(
        work,
        query,
        query.sort,
        SORT_KEYS,
        "p",
        columns=f"{_COLUMNS}, {_DETAIL_COLUMNS}",
        tables=tables,
        details=_DETAILS,
        condition=_visible(principal, arguments) + _filters(query, arguments),
        arguments=arguments,
        size="coalesce(octet_length(p.description), 0)",
    )
    return page_of(query, query.sort, rows, [_view(principal, row) for row in rows], total)


async def get(work: Work, principal: Principal, project_id: UUID) -> ProjectView:
    """Raises ProjectNotFound."""
    return await _get_one(work, principal, project_id)


async def lock(work: Work, principal: Principal, project_id: UUID) -> ProjectView:
    """The same, and nobody else writes it until this transaction ends."""
    return await _get_one(work, principal, project_id, locking="for no key update of p")


async def is_visible(work: Work, principal: Principal, project_id: UUID) -> bool:
    return await role_of(work, principal, project_id) is not None


async def admitted_at(work: Work, principal: Principal, project_id: UUID) -> datetime | None:
    """Since when they may see it, by whichever right they have had for longest; None where that is not known."""
    within = reach(principal, ProjectRole.VIEWER)
    visibilities = [visibility.value for visibility in within.visibilities]
    row = await work.row(
        _ADMITTED_AT, principal.tenant_id, project_id, principal.user_id, within.is_everything, visibilities
    )
    return None if row is None else row["since"]


def visible_ids(principal: Principal, arguments: Arguments, project_id: UUID | None = None) -> str:
    """A query for the ids of all projects that they may see; of `project_id` only, where one is given."""
    join = membership_join(principal, arguments)
    one = "" if project_id is None else f" and p.id = {arguments.add(project_id)}"
    return f"select p.id from projects p {join} where {_visible(principal, arguments)}{one}"


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
            insert into project_members (id, tenant_id, project_id, user_id, role, created_at, updated_at)
            select $8, p.tenant_id, p.id, p.owner_id, '{ProjectRole.OWNER}', p.created_at, p.created_at from p
            returning role
        )
        select p.*, m.role as member_role, false as is_favorite, '[]'::jsonb as tags,
               0 as tasks, 0 as open_tasks, 1 as members
        from p, m
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


async def pass_on(work: Work, leaving: Leaving, at_most: int, now: datetime) -> PassedOn:
    """Projects that somebody made before they left get another owner: who owns them for longest, else of the tenant.

    Those for whom there is nobody stay as they are; of the others there may be more.
    """
    rows = await work.rows(_PASS_ON, *msgspec.structs.astuple(leaving), at_most, now)
    living = [row for row in rows if row["deleted_at"] is None]
    return PassedOn(len(rows), msgspec.convert(living, list[ProjectState]))


async def update(
    work: Work, principal: Principal, before: ProjectView, changes: Mapping[str, Any], now: datetime
) -> ProjectView:
    """`changes` maps columns to values."""
    if changes.get("visibility") is Visibility.TENANT:
        changes = {**changes, "visible_since": now}
    arguments = Arguments([principal.tenant_id, before.id, now])
    columns = ", ".join(f"{column} = {arguments.add(value)}" for column, value in changes.items())
    row = await work.row(
        f"""
        update projects p set {columns}, version = p.version + 1, updated_at = $3
        where p.tenant_id = $1 and p.id = $2 returning {_COLUMNS}
        """,
        *arguments,
    )
    return msgspec.convert({**msgspec.structs.asdict(before), **_only(row)}, ProjectView)


async def lock_deleted(work: Work, principal: Principal, project_id: UUID, since: datetime) -> ProjectView | None:
    """A project deleted after `since` that the caller owns."""
    arguments = Arguments()
    joins = _own_joins(principal, arguments)
    row = await work.row(
        f"""
        select {_COLUMNS}, {_DETAIL_COLUMNS} from projects p {joins} {_DETAILS}
        where p.tenant_id = {arguments.add(principal.tenant_id)} and p.id = {arguments.add(project_id)}
          and p.deleted_at > {arguments.add(since)} and {reachable(principal, ProjectRole.OWNER, arguments)}
        for no key update of p
        """,
        *arguments,
    )
    return _view(principal, row) if row else None


async def _get_one(work: Work, principal: Principal, project_id: UUID, locking: str = "") -> ProjectView:
    arguments = Arguments()
    joins = _own_joins(principal, arguments)
    where = _visible(principal, arguments)
    row = await work.row(
        f"""
        select {_COLUMNS}, {_DETAIL_COLUMNS} from projects p {joins} {_DETAILS}
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


async def count_alone(work: Work, tenant_id: UUID) -> int:
    """How many projects the tenant has; until the end of the transaction nobody else who asks this goes on."""
    await work.execute(_ALONE, str(tenant_id))
    [row] = await work.rows(_COUNT, tenant_id)
    count: int = row["used"]
    return count


async def expire_oldest_deleted(work: Work, tenant_id: UUID, kept: int, since: datetime) -> None:
    """Of the tenant's projects that were deleted after `since` the `kept` youngest can be restored, no others."""
    await work.execute(_EXPIRE_OLDEST_DELETED, tenant_id, since, kept)


async def make_favorite(work: Work, principal: Principal, project_id: UUID, now: datetime) -> None:
    await work.execute(_MAKE_FAVORITE, new_id(), principal.tenant_id, project_id, principal.user_id, now)


async def drop_favorite(work: Work, principal: Principal, project_id: UUID) -> None:
    sql = "delete from project_favorites where tenant_id = $1 and project_id = $2 and user_id = $3"
    await work.execute(sql, principal.tenant_id, project_id, principal.user_id)


async def drop_favorites_of(work: Work, tenant_id: UUID, user_id: UUID, until: datetime) -> None:
    """Those that they had marked by then."""
    sql = "delete from project_favorites where tenant_id = $1 and user_id = $2 and created_at <= $3"
    await work.execute(sql, tenant_id, user_id, until)


async def purge(work: Work, deleted_before: datetime, rows_at_once: int) -> int:
    """One portion of the project deleted longest ago, in system work; returns how many rows were deleted.

    What is in a project is deleted first, by our own role and never by a cascade: a cascade would delete any number of
    rows in one statement, and run the triggers of tasks as the owner of the tables, who writes none.
    """
    due = await work.row(_DUE, deleted_before)
    if due is None:
        return 0
    rows = 0
    for statement in _PURGES:
        rows += await work.execute(statement, due["id"], rows_at_once - rows)
        if rows >= rows_at_once:
            return rows
    return rows + await work.execute("delete from projects where id = $1", due["id"])


def _visible(principal: Principal, arguments: Arguments) -> str:
    condition = reachable(principal, ProjectRole.VIEWER, arguments)
    return f"p.tenant_id = {arguments.add(principal.tenant_id)} and p.deleted_at is null and {condition}"


def _filters(query: ProjectQuery, arguments: Arguments) -> str:
    text = ""
    if query.archived is not None:
        text += f" and p.archived = {arguments.add(query.archived)}"
    if query.favorite is not None:
        text += f" and (f.user_id is not null) = {arguments.add(query.favorite)}"
    if query.tag is not None:
        of_that_name = f"t.project_id = p.id and t.name_key = lower({arguments.add(query.tag)})"
        text += f" and exists (select from project_tags t where {of_that_name})"
    if query.q is not None:
        text += f" and position(lower({arguments.add(query.q)}) in lower(p.name)) > 0"
    return text


def _view(principal: Principal, row: Mapping[str, Any]) -> ProjectView:
    counts = {name: row[name] for name in ProjectCounts.__struct_fields__}
    role = role_in(principal, Visibility(row["visibility"]), _member_role(row["member_role"]))
    return msgspec.convert({**row, "my_role": role, "counts": counts}, ProjectView)


def _member_role(text: str | None) -> ProjectRole | None:
    return None if text is None else ProjectRole(text)


def _only(row: dict[str, Any] | None) -> dict[str, Any]:
    if row is None:
        raise ProjectNotFound
    return row


def _own_joins(principal: Principal, arguments: Arguments) -> str:
    """The caller's membership `m` and favourite `f`."""
    favorite = f"f.project_id = p.id and f.user_id = {arguments.add(principal.user_id)}"
    return f"{membership_join(principal, arguments)} left join project_favorites f on {favorite}"


_MAKE_FAVORITE = """
insert into project_favorites (id, tenant_id, project_id, user_id, created_at) values ($1, $2, $3, $4, $5)
on conflict (project_id, user_id) do nothing
"""

# A statement of its own: one that has begun to wait would count what it saw before.
_ALONE = "select pg_advisory_xact_lock(hashtextextended('projects of ' || $1::text, 0))"
_COUNT = "select count(*) as used from projects where tenant_id = $1 and deleted_at is null"

_EXPIRE_OLDEST_DELETED = """
update projects set deleted_at = $2 where tenant_id = $1 and id = any(array(
    select id from projects where tenant_id = $1 and deleted_at > $2
    order by deleted_at desc, id desc offset $3 for no key update skip locked
))
"""


def _rows_of_project(table: str, condition: str = "") -> str:
    found = f"select ctid from {table} where project_id = $1 {condition} limit $2"
    return f"delete from {table} where ctid = any(array({found}))"


def _rows_below(table: str, parents: str, key: str) -> str:
    """`offset 0` keeps the index of `key` in use: other plans read the rows of all tenants."""
    rows = f"select c.ctid from {table} c where c.{key} = p.id offset 0"
    found = f"select found.ctid from {parents} p cross join lateral ({rows}) found where p.project_id = $1 limit $2"
    return f"delete from {table} where ctid = any(array({found}))"


# Children before parents, so that no statement cascades to more than it counts.
_PURGES = (
    _rows_below("task_attachments", "tasks", "task_id"),
    _rows_below("task_dependencies", "tasks", "task_id"),
    _rows_below("task_label_uses", "tasks", "task_id"),
    _rows_of_project("tasks"),
    _rows_below("comment_edits", "comments", "comment_id"),
    _rows_below("comment_stars", "comments", "comment_id"),
    _rows_of_project("comments", "and parent_id is not null"),
    _rows_of_project("comments"),
    _rows_of_project("file_changes"),
    _rows_of_project("versions"),
    _rows_of_project("files"),
    _rows_of_project("project_activity"),
    _rows_below("webhook_deliveries", "webhooks", "webhook_id"),
    _rows_of_project("task_counts"),
)

_DUE = "select id from projects where deleted_at < $1 order by deleted_at limit 1 for update skip locked"

# Rights by the team, by the tenant's role and by the project's visibility; the last two begin with the membership.
_ADMITTED_AT = """
select nullif(least(m.created_at, case
    when $4 then coalesce(t.joined_at, '-infinity')
    when p.visibility = any($5::text[]) then greatest(coalesce(t.joined_at, '-infinity'), p.visible_since)
end), '-infinity') as since
from projects p
left join project_members m on m.project_id = p.id and m.user_id = $3
left join tenant_members t on t.tenant_id = p.tenant_id and t.user_id = $3
where p.tenant_id = $1 and p.id = $2
"""

_PASS_ON = f"""
update projects p set owner_id = heir.user_id, version = p.version + 1, updated_at = $6
from (
    select * from (
        select owned.id, coalesce((
            select m.user_id from project_members m
            join tenant_members t on t.tenant_id = m.tenant_id and t.user_id = m.user_id and t.is_active
            where m.project_id = owned.id and m.role = 'owner' and m.user_id <> $2 order by m.created_at, m.id limit 1
        ), ({owner_of_tenant("$1", "$2")})) as user_id
        from projects owned
        where owned.tenant_id = $1 and owned.owner_id = $2 and ($3::uuid is null or owned.id = $3)
          and owned.created_at <= $4
    ) named where named.user_id is not null limit $5
) heir
where p.tenant_id = $1 and p.id = heir.id and p.owner_id = $2
returning {_COLUMNS}, p.deleted_at
"""
