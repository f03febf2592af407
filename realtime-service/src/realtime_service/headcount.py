"""How many connections there may be at once: of an address, a user, a tenant. Each node counts its own."""

from collections.abc import Hashable

from shared.principal import Principal
from shared.quotas import LIMITS, Quota

MOST_OF_ADDRESS = 500  # many people may share one
MOST_OF_USER = 50


class Headcount:
    def __init__(self, scale: float) -> None:
        self._scale = scale
        self._present: dict[Hashable, int] = {}

    def admit_address(self, address: str) -> bool:
        """Counts it either way, until it has left; whether there is room."""
        return self._arrive(address) <= MOST_OF_ADDRESS * self._scale

    def admit(self, principal: Principal) -> bool:
        """As `admit_address`, for its user and its tenant."""
        of_user, of_tenant = self._arrive(("user", principal.user_id)), self._arrive(("tenant", principal.tenant_id))
        limit = LIMITS[Quota.LIVE_CONNECTIONS][principal.tier]
        return of_user <= MOST_OF_USER * self._scale and of_tenant <= limit * self._scale

    def leave_address(self, address: str) -> None:
        self._leave(address)

    def leave(self, principal: Principal) -> None:
        self._leave(("user", principal.user_id))
        self._leave(("tenant", principal.tenant_id))

    def _arrive(self, subject: Hashable) -> int:
        self._present[subject] = number = self._present.get(subject, 0) + 1
        return number

    def _leave(self, subject: Hashable) -> None:
        self._present[subject] -= 1
        if not self._present[subject]:
            del self._present[subject]
