"""Becoming a member of a tenant: the same for founders, for whoever was invited and for whoever an admin added."""

from datetime import datetime
from uuid import UUID

from auth_service.accounts import repository as accounts
from auth_service.accounts.schemas import UserView
from auth_service.accounts.telling import state_of, tell
from auth_service.members.ownership import require_room_of_owner
from auth_service.members.seats import require_seat_of_newcomer
from auth_service.tenants import repository as tenants
from auth_service.tenants.schemas import TenantView
from shared.db.unit_of_work import Work
from shared.events.auth import MembershipAdded, TenantCreated
from shared.ids import new_id
from shared.principal import Role


async def join(work: Work, tenant_id: UUID, user_id: UUID, role: Role, now: datetime) -> UserView:
    """The user as a member of the tenant. Who belongs to it already keeps the role they have.

    In system work, with the account and then the tenant's seats locked, unless they are new. Raises TierLimitExceeded.
    """
    is_new = await tenants.add_membership(work, tenant_id, user_id, role, now)
    if is_new:
        await _require_room(work, tenant_id, user_id, role, now)
    user = await accounts.find_user(work, tenant_id, user_id)
    if is_new:
        joined = MembershipAdded(
            entity_id=user.id,
            version=user.version,
            tenant_id=tenant_id,
            user_id=user.id,
            role=user.role,
            payload=state_of(user),
        )
        tell(work, user, joined)
    return user


async def found(
    work: Work, founder_id: UUID, name: str, now: datetime, *, slug: str | None = None
) -> tuple[TenantView, UserView]:
    """A tenant with its first owner, whose account is locked or new. Raises SlugTaken, TierLimitExceeded."""
    tenant = await tenants.add_tenant(work, new_id(), name, now, slug)
    created = TenantCreated(tenant_id=tenant.id, name=tenant.name, owner_id=founder_id)
    work.publish(created, topics=[], subject=str(tenant.id), tenant_id=tenant.id)
    return tenant, await join(work, tenant.id, founder_id, Role.OWNER, now)


async def tenant_founded(work: Work, founder_id: UUID, name: str, now: datetime) -> UUID:
    """The same, for whoever signs in. Raises TierLimitExceeded."""
    return (await found(work, founder_id, name, now))[0].id


async def _require_room(work: Work, tenant_id: UUID, user_id: UUID, role: Role, now: datetime) -> None:
    await require_seat_of_newcomer(work, tenant_id, now)
    if role is Role.OWNER:
        await require_room_of_owner(work, user_id)
