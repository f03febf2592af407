"""What fits into a tier, and what is answered at its edge."""

import pytest

from shared.principal import Tier
from shared.quotas import LIMITS, Quota, TierLimitExceeded, require_room


def test_every_quota_has_a_limit_in_every_tier_and_none_shrinks_with_a_better_one() -> None:
    assert set(LIMITS) == set(Quota)
    for limits in LIMITS.values():
        assert list(limits) == list(Tier)
        assert list(limits.values()) == sorted(limits.values())


def test_the_last_one_of_a_tier_fits_and_the_next_one_does_not() -> None:
    require_room(Quota.PROJECTS, Tier.FREE, 9)
    with pytest.raises(TierLimitExceeded) as refused:
        require_room(Quota.PROJECTS, Tier.FREE, 10)
    assert refused.value.details == {
        "quota": "projects",
        "limit": 10,
        "used": 10,
        "resets_at": None,
        "tier": "free",
        "required_tier": "pro",
        "upgrade_url": None,
    }


def test_what_comes_at_once_fits_as_a_whole_or_not_at_all() -> None:
    require_room(Quota.STORAGE, Tier.FREE, 0, more=LIMITS[Quota.STORAGE][Tier.FREE])
    with pytest.raises(TierLimitExceeded):
        require_room(Quota.STORAGE, Tier.FREE, 1, more=LIMITS[Quota.STORAGE][Tier.FREE])


def test_the_required_tier_has_room_and_there_is_none_beyond_the_best() -> None:
    with pytest.raises(TierLimitExceeded) as in_need_of_premium:
        require_room(Quota.MEMBERS, Tier.FREE, 5, more=200)
    with pytest.raises(TierLimitExceeded) as beyond_all:
        require_room(Quota.MEMBERS, Tier.PREMIUM, 500)
    assert in_need_of_premium.value.details["required_tier"] == Tier.PREMIUM
    assert beyond_all.value.details["required_tier"] is None
