"""Who may do what in gift planning: everybody but viewers adds and claims, whoever made a thing keeps it."""

from uuid import UUID

from shared.errors import Forbidden
from shared.principal import Principal, Role


def require_writer(principal: Principal) -> None:
    if principal.role is Role.VIEWER:
        raise Forbidden


def is_keeper(principal: Principal, made_by: UUID) -> bool:
    """Who made it, and managers and above."""
    return principal.role.is_at_least(Role.MANAGER) or (made_by == principal.user_id and not _only_reads(principal))


def require_keeper(principal: Principal, made_by: UUID) -> None:
    if not is_keeper(principal, made_by):
        raise Forbidden


def _only_reads(principal: Principal) -> bool:
    return principal.role is Role.VIEWER
