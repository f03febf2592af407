"""Contents and how much of them a tenant may keep."""

import hashlib
from typing import NamedTuple

from project_service.projects.errors import TierLimitExceeded
from shared.principal import Tier

GIB = 1024**3
STORAGE_OF_TIER = {Tier.FREE: GIB, Tier.PRO: 10 * GIB, Tier.PREMIUM: 100 * GIB}
INLINE_BYTES = 64 * 1024
"""Up to here a content is a column: read with its row, in one transaction with it. A store is slower for small ones."""


class Content(NamedTuple):
    sha256: str
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> "Content":
        return cls(hashlib.sha256(data).hexdigest(), data)

    @property
    def is_inline(self) -> bool:
        return len(self.data) <= INLINE_BYTES


def require_room(tier: Tier, used: int) -> None:
    """Raises TierLimitExceeded when the tenant keeps more bytes than its tier holds."""
    limit = STORAGE_OF_TIER[tier]
    if used <= limit:
        return
    larger = next((other for other, holds in STORAGE_OF_TIER.items() if holds >= used), None)
    facts = {"limit": limit, "used": used, "resets_at": None, "tier": tier, "required_tier": larger}
    raise TierLimitExceeded("Your plan holds no more bytes.", details={**facts, "upgrade_url": None})
