"""Rules of membership: who may decide about whom, and that a tenant never loses its last owner."""

from collections.abc import Mapping
from uuid import UUID

from auth_service.accounts.errors import UserNotFound
from auth_service.tenants.errors import LastOwner
from auth_service.tenants.repository import Standing
from shared.errors import Forbidden
from shared.principal import Role


def check_may_manage(actor: Standing | None, target: Role) -> None:
    """Admins decide about members who are not above them. Raises Forbidden."""
    may_decide = actor is not None and actor.is_active and actor.role.is_at_least(Role.ADMIN)
    if not (may_decide and actor is not None and actor.role.is_at_least(target)):
        raise Forbidden


def check_may_grant(actor: Role, role: Role) -> None:
    """Nobody gives more than they have. Raises Forbidden."""
    if not actor.is_at_least(role):
        raise Forbidden


def check_may_invite(actor: Role) -> None:
    """Raises Forbidden."""
    if not actor.is_at_least(Role.MANAGER):
        raise Forbidden


def standing_of(roster: Mapping[UUID, Standing], user_id: UUID) -> Standing:
    """Raises UserNotFound for whoever is no member."""
    try:
        return roster[user_id]
    except KeyError:
        raise UserNotFound from None


def check_owner_remains(roster: Mapping[UUID, Standing], user_id: UUID, wanted: Standing | None) -> None:
    """`roster` has all owners as they are; `wanted` is what this member is to become. Raises LastOwner."""
    others = any(_is_owner(standing) for other, standing in roster.items() if other != user_id)
    if _is_owner(roster[user_id]) and not others and not (wanted and _is_owner(wanted)):
        raise LastOwner


def _is_owner(standing: Standing) -> bool:
    return standing.role is Role.OWNER and standing.is_active
