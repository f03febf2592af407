"""What somebody who is on the team of a project no more still sees of it."""

from typing import NamedTuple

from project_service.projects.access import role_in
from shared.db.unit_of_work import Work
from shared.events.projects import ProjectRole, Visibility
from shared.members.leavings import Leaving
from shared.principal import Role


class _Member(NamedTuple):
    role: Role


async def sees_project(work: Work, leaving: Leaving) -> bool:
    """Whether somebody who is on the team no more still sees the project, or is on it again."""
    row = await work.row(_STANDING, leaving.tenant_id, leaving.user_id, leaving.project_id)
    if row is None:
        return False
    member = _Member(Role(row["role"] or Role.VIEWER))  # of somebody who is not known yet, the least there is
    member_role = None if row["member_role"] is None else ProjectRole(row["member_role"])
    return role_in(member, Visibility(row["visibility"]), member_role) is not None


_STANDING = """
select p.visibility, t.role, m.role as member_role from projects p
left join tenant_members t on t.tenant_id = p.tenant_id and t.user_id = $2
left join project_members m on m.project_id = p.id and m.user_id = $2
where p.tenant_id = $1 and p.id = $3
"""
