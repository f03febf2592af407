"""Every query on members who have left and whose things are not all dealt with."""

# ruff: noqa: S608 - made of constants and numbered placeholders

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from project_service.projects.access import role_in
from shared.db.unit_of_work import Work
from shared.events.projects import ProjectRole, Visibility
from shared.ids import new_id
from shared.principal import Role

_IT = "tenant_id = $1 and user_id = $2 and project_id is not distinct from $3"


class Leaving(NamedTuple):
    """Somebody who has left the tenant, or where `project_id` is given the team of that project."""

    tenant_id: UUID
    user_id: UUID
    project_id: UUID | None = None


class _Member(NamedTuple):
    role: Role


async def add(work: Work, leaving: Leaving, now: datetime) -> None:
    """Once, however often it is told."""
    await work.execute(_ADD, *leaving, new_id(), now)


async def find(work: Work, at_most: int) -> list[Leaving]:
    """In system work: of all tenants, who left first comes first."""
    return [Leaving(**row) for row in await work.rows(_FIND, at_most)]


async def lock(work: Work, leaving: Leaving) -> bool:
    """Whether it is still there, and no other replica works on it until this transaction ends."""
    return await work.row(_LOCK, *leaving) is not None


async def remove(work: Work, leaving: Leaving) -> None:
    await work.execute(f"delete from leavings where {_IT}", *leaving)


async def sees_project(work: Work, leaving: Leaving) -> bool:
    """Whether somebody who is on the team no more still sees the project, or is on it again."""
    row = await work.row(_STANDING, *leaving)
    if row is None:
        return False
    member = _Member(Role(row["role"] or Role.VIEWER))  # of somebody who is not known yet, the least there is
    member_role = None if row["member_role"] is None else ProjectRole(row["member_role"])
    return role_in(member, Visibility(row["visibility"]), member_role) is not None


_ADD = """
insert into leavings (tenant_id, user_id, project_id, id, left_at) values ($1, $2, $3, $4, $5)
on conflict do nothing
"""

_FIND = "select tenant_id, user_id, project_id from leavings order by left_at, id limit $1"

_LOCK = f"select from leavings where {_IT} for update skip locked"

_STANDING = """
select p.visibility, t.role, m.role as member_role from projects p
left join tenant_members t on t.tenant_id = p.tenant_id and t.user_id = $2
left join project_members m on m.project_id = p.id and m.user_id = $2
where p.tenant_id = $1 and p.id = $3
"""
