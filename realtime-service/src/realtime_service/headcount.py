"""How many connections there may be at once: of an address and a user on each node, of a tenant on all nodes."""

from collections.abc import Callable, Hashable
from typing import TypeVar
from uuid import UUID

from realtime_service.errors import TooManyConnections
from shared.address_prefix import address_prefix
from shared.principal import Principal
from shared.quotas import Quota, require_room

MOST_OF_ADDRESS = 500  # many people may share one; IPv6 by /64
MOST_OF_USER = 50

K = TypeVar("K", bound=Hashable)


class Headcount:
    """Counting and deciding is one step: of any number of parallel arrivals only as many as there is room get in."""

    def __init__(
        self,
        scale: float,
        quota_scale: float,
        elsewhere: Callable[[UUID], int],
        changed: Callable[[UUID, int], None],
    ) -> None:
        """`scale` is for addresses and users, `quota_scale` for tenants.

        `elsewhere` counts a tenant's connections on other nodes; `changed` gets its number on this one.
        """
        self._scale = scale
        self._quota_scale = quota_scale
        self._elsewhere = elsewhere
        self._changed = changed
        self._addresses: dict[str, int] = {}
        self._users: dict[UUID, int] = {}
        self._tenants: dict[UUID, int] = {}

    def admit_address(self, address: str) -> bool:
        """Counts it either way, until `leave_address`: a refused connection takes its place until it is closed."""
        return _add(self._addresses, address_prefix(address)) <= MOST_OF_ADDRESS * self._scale

    def leave_address(self, address: str) -> None:
        _remove(self._addresses, address_prefix(address))

    def require_room(self, principal: Principal) -> None:
        """Raises TooManyConnections or TierLimitExceeded."""
        if self._users.get(principal.user_id, 0) + 1 > MOST_OF_USER * self._scale:
            raise TooManyConnections
        used = self._tenants.get(principal.tenant_id, 0) + self._elsewhere(principal.tenant_id)
        require_room(Quota.LIVE_CONNECTIONS, principal.tier, used, scale=self._quota_scale)

    def admit(self, principal: Principal) -> None:
        """Counts for user and tenant until `leave`. Raises as `require_room`, and has not counted then."""
        self.require_room(principal)
        _add(self._users, principal.user_id)
        self._changed(principal.tenant_id, _add(self._tenants, principal.tenant_id))

    def leave(self, principal: Principal) -> None:
        _remove(self._users, principal.user_id)
        self._changed(principal.tenant_id, _remove(self._tenants, principal.tenant_id))


def _add(counts: dict[K, int], key: K) -> int:
    counts[key] = number = counts.get(key, 0) + 1
    return number


def _remove(counts: dict[K, int], key: K) -> int:
    number = counts.pop(key) - 1
    if number:
        counts[key] = number
    return number
