"""Every query on the teams of projects. Whoever calls has made sure that the project may be seen."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from project_service.listing import Arguments, SortKey, fetch_page, page_of
from project_service.members.errors import UserNotFound
from project_service.projects.access import role_in
from project_service.team.schemas import TeamMemberView, TeamQuery
from shared.db.unit_of_work import Work
from shared.events.projects import ProjectRole, TeamMemberState, Visibility
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Role

SORT = "created_at"
SORT_KEYS = {SORT: SortKey("created_at", datetime)}
_COLUMNS = "m.id, m.tenant_id, m.project_id, m.user_id, m.role, m.version, m.created_at, m.updated_at"
_VIEW = f"{_COLUMNS}, who.display_name, who.email"
_NAMES = "left join tenant_members who on who.tenant_id = m.tenant_id and who.user_id = m.user_id"


class Somebody(NamedTuple):
    role: Role


class Joined(NamedTuple):
    member: TeamMemberState
    is_new: bool


async def find_page(work: Work, tenant_id: UUID, project_id: UUID, query: TeamQuery) -> PageOf[TeamMemberView]:
    rows, total = await fetch_page(
        work,
        query,
        SORT,
        SORT_KEYS,
        "m",
        columns=_VIEW,
        tables="project_members m",
        details=_NAMES,
        condition="m.tenant_id = $1 and m.project_id = $2",
        arguments=Arguments([tenant_id, project_id]),
    )
    return page_of(query, SORT, rows, msgspec.convert(rows, list[TeamMemberView]), total)


async def get(work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID) -> TeamMemberView:
    """Raises UserNotFound."""
    row = await work.row(_GET, tenant_id, project_id, user_id)
    if row is None:
        raise UserNotFound
    return msgspec.convert(row, TeamMemberView)


async def find_owners(work: Work, tenant_id: UUID, project_id: UUID) -> list[TeamMemberState]:
    return msgspec.convert(await work.rows(_OWNERS, tenant_id, project_id), list[TeamMemberState])


async def lock_standing(work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID) -> ProjectRole | None:
    """The role of an active member of the tenant, None where they see nothing. The project is locked against change."""
    row = await work.row(_LOCK_STANDING, tenant_id, project_id, user_id)
    if row is None:
        return None
    held = None if row["held"] is None else ProjectRole(row["held"])
    return role_in(Somebody(Role(row["role"])), Visibility(row["visibility"]), held)


async def find_user_ids(work: Work, tenant_id: UUID, project_id: UUID) -> list[UUID]:
    rows = await work.rows(_USER_IDS, tenant_id, project_id)
    return [row["user_id"] for row in rows]


async def join(
    work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID, role: ProjectRole, now: datetime
) -> Joined | None:
    """The stronger role counts when they are on it already. None: nothing changed, or the project is gone."""
    row = await work.row(_JOIN, new_id(), tenant_id, project_id, user_id, role.value, now)
    return None if row is None else Joined(msgspec.convert(row, TeamMemberState), row["is_new"])


async def change_role(work: Work, member: TeamMemberState, role: ProjectRole, now: datetime) -> TeamMemberState:
    row = await work.row(_CHANGE_ROLE, member.tenant_id, member.id, role.value, now)
    return msgspec.convert(row, TeamMemberState)


async def remove(work: Work, member: TeamMemberState) -> None:
    await work.execute("delete from project_members where tenant_id = $1 and id = $2", member.tenant_id, member.id)


async def leave_all(work: Work, tenant_id: UUID, user_id: UUID, until: datetime) -> list[TeamMemberState]:
    """Every team of the tenant on which they have been since then, in the same role; returns what they were."""
    return msgspec.convert(await work.rows(_LEAVE_ALL, tenant_id, user_id, until), list[TeamMemberState])


_GET = f"""
select {_VIEW} from project_members m {_NAMES}
where m.tenant_id = $1 and m.project_id = $2 and m.user_id = $3
"""

_LOCK_STANDING = """
select who.role, p.visibility, m.role as held
from projects p
join tenant_members who on who.tenant_id = p.tenant_id and who.user_id = $3 and who.is_active
left join project_members m on m.project_id = p.id and m.user_id = $3
where p.tenant_id = $1 and p.id = $2 and p.deleted_at is null for share of p
"""

_USER_IDS = "select user_id from project_members where tenant_id = $1 and project_id = $2"

_OWNERS = f"""
select {_COLUMNS} from project_members m where m.tenant_id = $1 and m.project_id = $2 and m.role = 'owner'
"""

_JOIN = f"""
insert into project_members as m (id, tenant_id, project_id, user_id, role, created_at, updated_at)
select $1::uuid, p.tenant_id, p.id, $4::uuid, $5::text, $6::timestamptz, $6::timestamptz
from projects p where p.tenant_id = $2 and p.id = $3 and p.deleted_at is null
on conflict (project_id, user_id) do update
    set role = excluded.role, version = m.version + 1, updated_at = excluded.updated_at
where array_position(array['viewer', 'editor', 'owner'], excluded.role)
    > array_position(array['viewer', 'editor', 'owner'], m.role)
returning {_COLUMNS}, m.version = 1 as is_new
"""

_CHANGE_ROLE = f"""
update project_members m set role = $3, version = m.version + 1, updated_at = $4
where m.tenant_id = $1 and m.id = $2 returning {_COLUMNS}
"""

_LEAVE_ALL = f"""
delete from project_members m where m.tenant_id = $1 and m.user_id = $2 and m.updated_at <= $3 returning {_COLUMNS}
"""
