"""What can be commented on: each kind says where a thing belongs and who may see it."""

# ruff: noqa: S608 - statements are put together from constants

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol
from uuid import UUID

from project_service.members.repository import Mentionable
from project_service.projects import repository as projects
from project_service.projects.access import role_in
from shared.db.unit_of_work import Work
from shared.events.projects import Commented, ProjectRole, Visibility
from shared.principal import Principal


class Place(NamedTuple):
    """Where a comment stands. `role` is what the asker may do there; `project_id` is None outside of projects."""

    project_id: UUID | None
    role: ProjectRole


class EntityKind(Protocol):
    async def find(self, work: Work, principal: Principal, entity_id: UUID) -> Place | None:
        """None where there is nothing for them to see. Until the transaction ends, nobody deletes the thing."""

    async def readers(
        self, work: Work, tenant_id: UUID, entity_id: UUID, people: Sequence[Mentionable]
    ) -> Sequence[Mentionable]:
        """Those of these members who may see the thing."""


class InProject:
    """A kind whose rows lie in `table`, each within a project that decides who sees it."""

    def __init__(self, table: str, project_column: str = "project_id") -> None:
        held = "for key share" if table != "projects" else ""  # a deleted project is only marked as such
        of_tenant = f"from {table} where tenant_id = $1 and id = $2"
        self._project_of = f"select {project_column} as project_id {of_tenant} {held}"
        self._roles = f"""
            select p.visibility, m.user_id, m.role from projects p
            left join project_members m on m.project_id = p.id and m.user_id = any($3::uuid[])
            where p.tenant_id = $1 and p.id = (select {project_column} {of_tenant})
        """

    async def find(self, work: Work, principal: Principal, entity_id: UUID) -> Place | None:
        row = await work.row(self._project_of, principal.tenant_id, entity_id)
        role = await projects.role_of(work, principal, row["project_id"]) if row else None
        return Place(row["project_id"], role) if row and role else None

    async def readers(
        self, work: Work, tenant_id: UUID, entity_id: UUID, people: Sequence[Mentionable]
    ) -> Sequence[Mentionable]:
        rows = await work.rows(self._roles, tenant_id, entity_id, [person.user_id for person in people])
        visibility = Visibility(rows[0]["visibility"]) if rows else Visibility.PRIVATE
        roles = {row["user_id"]: ProjectRole(row["role"]) for row in rows if row["user_id"]}
        return [person for person in people if role_in(person, visibility, roles.get(person.user_id))]


EntityKinds = Mapping[Commented, EntityKind]

KINDS: EntityKinds = MappingProxyType(
    {
        Commented.PROJECT: InProject("projects", project_column="id"),
        Commented.TASK: InProject("tasks"),
        Commented.FILE: InProject("files"),
    }
)
