"""Who may follow which topic: the keeper's answers, kept for half a minute unless an event says otherwise."""

import time
from uuid import UUID

from realtime_service.positions import Position
from realtime_service.replay import Keepers
from shared.principal import Principal, Role

KEPT_SECONDS = 30.0

UserKey = tuple[UUID, UUID]
RightKey = tuple[str, Role, bool, tuple[str, ...] | None]


class Access:
    """Only rights are kept, never refusals: a right just given must work at once."""

    def __init__(self, keepers: Keepers) -> None:
        self._keepers = keepers
        self._rights: dict[UserKey, dict[RightKey, float]] = {}

    async def check(self, principal: Principal, topic: str) -> None:
        """Raises as Keepers do: TopicNotFound for absent and forbidden alike."""
        rights = self._rights.get(_user(principal), {})
        if rights.get(_right(principal, topic), 0.0) < time.monotonic():
            await self.fresh_position(principal, topic)

    async def fresh_position(self, principal: Principal, topic: str) -> Position:
        """Where the topic stands at a moment after this call. Raises as Keepers do."""
        user = _user(principal)
        rights = self._rights.setdefault(user, {})
        position = await self._keepers.position(principal, topic)
        if self._rights.get(user) is rights:  # else the question is older than the event that emptied it
            rights[_right(principal, topic)] = time.monotonic() + KEPT_SECONDS
        return position

    def forget(self, tenant_id: UUID, user_id: UUID) -> None:
        """Ask anew whatever this user may see."""
        self._rights.pop((tenant_id, user_id), None)

    def forget_tenant(self, tenant_id: UUID) -> None:
        """Ask anew whatever anybody of this tenant may see."""
        for user in [user for user in self._rights if user[0] == tenant_id]:
            del self._rights[user]

    def forget_all(self) -> None:
        """Ask anew whatever anybody may see."""
        self._rights.clear()

    def prune(self) -> None:
        """Drops what is too old to be used."""
        now = time.monotonic()
        for user, rights in tuple(self._rights.items()):
            for right in [right for right, until in rights.items() if until < now]:
                del rights[right]
            if not rights:
                del self._rights[user]


def _user(principal: Principal) -> UserKey:
    return principal.tenant_id, principal.user_id


def _right(principal: Principal, topic: str) -> RightKey:
    return topic, principal.role, principal.is_platform_admin, principal.scopes
