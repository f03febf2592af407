"""What is limited, how often and for whom: the quotas as delivered, and how settings change them."""

from enum import StrEnum
from typing import NamedTuple

from shared.http.rate_limit_fields import policy_item
from shared.principal import Tier
from shared.settings import SettingsError

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # milliseconds


class Window(NamedTuple):
    """`name` is what clients read in RateLimit and operators write in RATE_LIMITS."""

    name: str
    quota: int
    milliseconds: int


class Kind(StrEnum):
    """Whose requests are counted together. The value is part of the keys in Redis."""

    USER = "user"
    TENANT = "tenant"
    ADDRESS = "address"
    LIVE = "live"
    MESSAGES = "messages"


DEFAULTS: dict[Kind, tuple[Window, ...]] = {
    Kind.USER: (Window("user-minute", 100, MINUTE), Window("user-hour", 1_000, HOUR), Window("user-day", 10_000, DAY)),
    Kind.TENANT: (
        Window("tenant-minute", 500, MINUTE),
        Window("tenant-hour", 5_000, HOUR),
        Window("tenant-day", 50_000, DAY),
    ),
    Kind.ADDRESS: (Window("address-minute", 300, MINUTE),),
    Kind.LIVE: (Window("live-minute", 30, MINUTE),),
    Kind.MESSAGES: (Window("messages-minute", 60, MINUTE),),
}
"""The windows of a kind, the longest one last."""

_TIER_FACTORS = {Tier.FREE: 1, Tier.PRO: 3, Tier.PREMIUM: 10}
_GROWING = (Kind.USER, Kind.TENANT)


class Policy(NamedTuple):
    """The windows that count one subject."""

    kind: Kind
    windows: tuple[Window, ...]


class Plan(NamedTuple):
    """The policies of one request, in the order in which its subjects are named. All pass or none counts."""

    policies: tuple[Policy, ...]
    field: str
    """As RateLimit-Policy says it."""


class Plans:
    """Every plan there is, made once. `overrides` is RATE_LIMITS (`user-minute=200,tenant-day=1000`)."""

    def __init__(self, scale: float = 1.0, overrides: str = "") -> None:
        """Raises SettingsError."""
        self._quotas = _quotas(overrides)
        self._scale = scale
        self.of_address = self._plan(Kind.ADDRESS)
        self.of_live_connections = self._plan(Kind.LIVE)
        self.of_caller = {tier: self._plan(Kind.USER, Kind.TENANT, tier=tier) for tier in Tier}
        self.of_messages = {tier: self._plan(Kind.USER, Kind.TENANT, Kind.MESSAGES, tier=tier) for tier in Tier}

    def _plan(self, *kinds: Kind, tier: Tier = Tier.FREE) -> Plan:
        policies = tuple(self._policy(kind, _TIER_FACTORS[tier] if kind in _GROWING else 1) for kind in kinds)
        windows = (window for policy in policies for window in policy.windows)
        return Plan(policies, ", ".join(policy_item(name, quota, length // 1000) for name, quota, length in windows))

    def _policy(self, kind: Kind, factor: int) -> Policy:
        quotas = self._quotas
        windows = (
            window._replace(quota=max(1, int(quotas.get(window.name, window.quota) * factor * self._scale)))
            for window in DEFAULTS[kind]
        )
        return Policy(kind, tuple(windows))


def _quotas(overrides: str) -> dict[str, int]:
    names = {window.name for windows in DEFAULTS.values() for window in windows}
    quotas = {}
    for part in filter(None, (part.strip() for part in overrides.split(","))):
        name, _, quota = (side.strip() for side in part.partition("="))
        if name not in names or not quota.isdecimal() or not 1 <= int(quota) <= 1_000_000_000:
            raise SettingsError(f"unreadable settings: RATE_LIMITS (name=quota, names: {', '.join(sorted(names))})")
        quotas[name] = int(quota)
    return quotas
