"""Who is asking: one user, in one tenant, through one session."""

from uuid import UUID

import msgspec

from shared.wire_enum import WireEnum


class Role(WireEnum):
    """Tenant roles, strongest first; each may do what the weaker ones may."""

    OWNER = "owner"
    ADMIN = "admin"
    MANAGER = "manager"
    DEVELOPER = "developer"
    VIEWER = "viewer"

    def is_at_least(self, other: "Role") -> bool:
        return _STRENGTH[self] >= _STRENGTH[other]


_STRENGTH = {role: strength for strength, role in enumerate(reversed(Role))}


class Tier(WireEnum):
    FREE = "free"
    PRO = "pro"
    PREMIUM = "premium"


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UUID
    tenant_id: UUID
    session_id: UUID
    role: Role
    tier: Tier = Tier.FREE
    is_platform_admin: bool = False
    scopes: tuple[str, ...] | None = None
    """Scopes of an API key (`tasks:read`); None for people, who have all their role allows."""
