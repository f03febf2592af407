"""The quotas: what is delivered, what the tier and the settings make of it."""

import pytest

from gateway.rate_limit.policies import Plan, Plans
from shared.principal import Tier
from shared.settings import SettingsError


def quotas(plan: Plan) -> dict[str, int]:
    return {window.name: window.quota for policy in plan.policies for window in policy.windows}


def test_the_quotas_as_delivered() -> None:
    plans = Plans()

    assert quotas(plans.of_messages[Tier.FREE]) == {
        "user-minute": 100,
        "user-hour": 1_000,
        "user-day": 10_000,
        "tenant-minute": 500,
        "tenant-hour": 5_000,
        "tenant-day": 50_000,
        "messages-minute": 60,
    }
    assert quotas(plans.of_address) == {"address-minute": 300}
    assert quotas(plans.of_live_connections) == {"live-minute": 30}


@pytest.mark.parametrize(("tier", "factor"), [(Tier.FREE, 1), (Tier.PRO, 3), (Tier.PREMIUM, 10)])
def test_a_tier_widens_what_the_user_and_the_tenant_may(tier: Tier, factor: int) -> None:
    plans = Plans()

    widened = quotas(plans.of_messages[tier])

    assert widened == {**{name: factor * quota for name, quota in quotas(plans.of_caller[Tier.FREE]).items()}} | {
        "messages-minute": 60
    }


def test_the_scale_multiplies_everything_and_never_down_to_nothing() -> None:
    assert quotas(Plans(10).of_live_connections) == {"live-minute": 300}
    assert set(quotas(Plans(0.000001).of_messages[Tier.FREE]).values()) == {1}


def test_settings_change_single_quotas() -> None:
    plans = Plans(2, " user-minute=7, live-minute = 3 ,")

    assert quotas(plans.of_caller[Tier.PRO])["user-minute"] == 42
    assert quotas(plans.of_caller[Tier.PRO])["user-hour"] == 6_000
    assert quotas(plans.of_live_connections) == {"live-minute": 6}


@pytest.mark.parametrize(
    "overrides", ["user-minute", "user-minute=", "user-minute=0", "user-minute=-1", "users=5", "user-minute=1e3", "=1"]
)
def test_what_is_not_understood_is_not_ignored(overrides: str) -> None:
    with pytest.raises(SettingsError, match="RATE_LIMITS"):
        Plans(1, overrides)


def test_clients_read_every_quota_with_its_window() -> None:
    assert Plans().of_caller[Tier.FREE].field == (
        '"user-minute";q=100;w=60, "user-hour";q=1000;w=3600, "user-day";q=10000;w=86400, '
        '"tenant-minute";q=500;w=60, "tenant-hour";q=5000;w=3600, "tenant-day";q=50000;w=86400'
    )
