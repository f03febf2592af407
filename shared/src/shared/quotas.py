"""The one table of what a tenant may have in each tier, and the error at its edge.

A use case counts under a lock of its own (so that parallel requests see each other) and then calls `require_room`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from shared.errors import Forbidden
from shared.principal import Tier
from shared.wire_enum import WireEnum

GIB = 1024**3


class Quota(WireEnum):
    """Counted per tenant unless its comment says otherwise."""

    PROJECTS = "projects"  # deleted ones do not count
    MEMBERS = "members"  # pending invitations count
    STORAGE = "storage"  # bytes of files, attachments, conversations and chats
    PREVIEWS = "previews"  # a calendar month (UTC)
    GENERATIONS = "generations"  # a calendar month (UTC)
    AI_TOKENS = "ai_tokens"  # a calendar month (UTC), prompts and answers together
    LIVE_CONNECTIONS = "live_connections"  # at one time
    TENANTS = "tenants"  # owned by one account, by the best tier among them
    ANSWERS_OF_USER = "answers_of_user"  # answers of models that one user has under way at one time
    ANSWERS_OF_TENANT = "answers_of_tenant"  # the same for all users of the tenant together


def _growing(free: int) -> Mapping[Tier, int]:
    return MappingProxyType({Tier.FREE: free, Tier.PRO: free * 10, Tier.PREMIUM: free * 100})


LIMITS: Mapping[Quota, Mapping[Tier, int]] = MappingProxyType(
    {
        Quota.PROJECTS: _growing(10),
        Quota.MEMBERS: _growing(5),
        Quota.STORAGE: _growing(GIB),
        Quota.PREVIEWS: _growing(50),
        Quota.GENERATIONS: _growing(100),
        Quota.AI_TOKENS: _growing(1_000_000),
        Quota.LIVE_CONNECTIONS: _growing(100),
        Quota.TENANTS: _growing(3),
        # What runs at one time is bounded by the machines behind it, not by the price: it grows more slowly.
        Quota.ANSWERS_OF_USER: MappingProxyType({Tier.FREE: 4, Tier.PRO: 4, Tier.PREMIUM: 4}),
        Quota.ANSWERS_OF_TENANT: MappingProxyType({Tier.FREE: 20, Tier.PRO: 60, Tier.PREMIUM: 200}),
    }
)


VERSIONS_KEPT_FOR: Mapping[Tier, timedelta] = MappingProxyType(
    {Tier.FREE: timedelta(days=90), Tier.PRO: timedelta(days=365), Tier.PREMIUM: timedelta(days=1825)}
)
"""How far back the versions of a project's files go. The files as they are now always stay."""

TIER_SETTLES = timedelta(days=30)
"""So long after a change of tier the longest time counts: nothing is deleted for a payment that came late."""


class TierLimitExceeded(Forbidden):
    """`details` has `quota`, `limit`, `used`, `resets_at`, `tier`, `required_tier` and `upgrade_url`."""

    code = "TIER_LIMIT_EXCEEDED"
    message = "The tenant has all that its tier includes."
    remedy = "Delete what is not needed any more, wait until details.resets_at, or move to details.required_tier."


def limit_of(quota: Quota, tier: Tier, scale: float = 1.0) -> int:
    """How much a tenant of this tier may have. Everything that enforces a quota asks here."""
    return int(LIMITS[quota][tier] * scale)


def require_room(
    quota: Quota, tier: Tier, used: int, *, more: int = 1, resets_at: datetime | None = None, scale: float = 1.0
) -> None:
    """Raises TierLimitExceeded unless `more` fits beside the `used` ones.

    `required_tier` is the smallest tier that has room for them, None when no tier has. `scale` multiplies
    what tiers include, for load tests.
    """
    limit = limit_of(quota, tier, scale)
    if used + more <= limit:
        return
    raise TierLimitExceeded(
        f"The tier {tier.value} includes {limit} ({quota.value}), and {used} are used.",
        details={
            "quota": quota,
            "limit": limit,
            "used": used,
            "resets_at": resets_at,
            "tier": tier,
            "required_tier": next((other for other in Tier if limit_of(quota, other, scale) >= used + more), None),
            "upgrade_url": None,
        },
    )
