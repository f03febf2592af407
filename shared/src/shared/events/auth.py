"""What auth-service tells: accounts, tenants, memberships and the end of sessions."""

from typing import ClassVar
from uuid import UUID

from shared.events.envelope import Event
from shared.principal import Role


class TenantCreated(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "auth.tenant.created"
    tenant_id: UUID
    name: str
    owner_id: UUID


class MembershipAdded(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "auth.membership.added"
    tenant_id: UUID
    user_id: UUID
    role: Role


class SessionRevoked(Event, frozen=True, kw_only=True):
    """From `revoked_at` (unix seconds) on nothing minted earlier for this session is accepted anywhere."""

    type: ClassVar[str] = "auth.session.revoked"
    session_id: UUID
    user_id: UUID
    revoked_at: int
    reason: str
