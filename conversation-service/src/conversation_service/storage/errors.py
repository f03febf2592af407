"""How a full storage is refused."""

from shared.events.questions import StorageAllotmentAnswer
from shared.principal import Tier
from shared.quotas import LIMITS, Quota, TierLimitExceeded


def storage_exceeded(tier: Tier, answer: StorageAllotmentAnswer) -> TierLimitExceeded:
    """With the numbers of project-service, which counts the bytes of all services together."""
    limits = LIMITS[Quota.STORAGE]
    return TierLimitExceeded(
        f"The tier {tier.value} includes {answer.limit} bytes of storage, and {answer.used} are used.",
        details={
            "quota": Quota.STORAGE,
            "limit": answer.limit,
            "used": answer.used,
            "resets_at": None,
            "tier": tier,
            "required_tier": next((other for other in Tier if limits[other] > limits[tier]), None),
            "upgrade_url": None,
        },
    )
