"""Who may do what in a project: one rule, as a decision and as the condition of a query.

Owners and admins of the tenant own every project. Everybody else has the role given in the project, and in projects
visible to the tenant developers and above are editors, viewers are viewers. A viewer of the tenant only ever reads.
"""

from typing import NamedTuple, Protocol

from project_service.listing import Arguments
from project_service.projects.errors import ProjectNotFound
from shared.errors import Forbidden
from shared.events.projects import ProjectRole, Visibility
from shared.principal import Principal, Role

_STRONGEST_FIRST = tuple(ProjectRole)


class Reach(NamedTuple):
    """What gives a caller a certain role in a project; any one of the three is enough."""

    is_everything: bool
    member_roles: tuple[ProjectRole, ...]
    visibilities: tuple[Visibility, ...]

    def covers(self, visibility: Visibility, member_role: ProjectRole | None) -> bool:
        return self.is_everything or member_role in self.member_roles or visibility in self.visibilities


class Ranked(Protocol):
    """Whoever has a role in the tenant: a caller, or a member who is spoken of."""

    @property
    def role(self) -> Role: ...


_NOWHERE = Reach(is_everything=False, member_roles=(), visibilities=())


def reach(somebody: Ranked, needed: ProjectRole) -> Reach:
    """Where they have at least the role `needed`."""
    if somebody.role is Role.VIEWER:
        return _NOWHERE if needed is not ProjectRole.VIEWER else Reach(False, _STRONGEST_FIRST, (Visibility.TENANT,))
    return Reach(
        is_everything=somebody.role.is_at_least(Role.ADMIN),
        member_roles=_STRONGEST_FIRST[: _STRONGEST_FIRST.index(needed) + 1],
        visibilities=() if needed is ProjectRole.OWNER else (Visibility.TENANT,),
    )


def role_in(somebody: Ranked, visibility: Visibility, member_role: ProjectRole | None) -> ProjectRole | None:
    """The strongest role they have; None in a project that is invisible to them."""
    held = (role for role in _STRONGEST_FIRST if reach(somebody, role).covers(visibility, member_role))
    return next(held, None)


def require_role(held: ProjectRole | None, needed: ProjectRole) -> None:
    """Raises ProjectNotFound where nothing may be seen and Forbidden where seeing is all."""
    if held is None:
        raise ProjectNotFound
    if _STRONGEST_FIRST.index(held) > _STRONGEST_FIRST.index(needed):
        raise Forbidden


def require_commenter(principal: Principal, held: ProjectRole | None) -> None:
    """Everybody who sees the project may comment, but for viewers of the tenant, who only ever read."""
    require_role(held, ProjectRole.VIEWER)
    if principal.role is Role.VIEWER:
        raise Forbidden


def require_creator(principal: Principal) -> None:
    if not principal.role.is_at_least(Role.MANAGER):
        raise Forbidden


def membership_join(principal: Principal, arguments: Arguments) -> str:
    """Joins the caller's own membership `m` to projects `p`."""
    return f"left join project_members m on m.project_id = p.id and m.user_id = {arguments.add(principal.user_id)}"


def reachable(principal: Principal, needed: ProjectRole, arguments: Arguments) -> str:
    """The condition, over `p` and `m`, that the caller has at least the role `needed`."""
    within = reach(principal, needed)
    everything = f"{arguments.add(within.is_everything)}::boolean"
    roles = f"m.role = any({arguments.add(within.member_roles)}::text[])"
    return f"({everything} or {roles} or p.visibility = any({arguments.add(within.visibilities)}::text[]))"
