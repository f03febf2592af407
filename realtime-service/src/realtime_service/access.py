"""Who may follow which topic: the keeper's answers, kept for half a minute unless an event says otherwise."""

import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from realtime_service.positions import Standing
from realtime_service.replay import Keepers, known_topic
from shared.events.topics import Topic
from shared.principal import Principal, Role

KEPT_SECONDS = 30.0

UserKey = tuple[UUID, UUID]
RightKey = tuple[str, Role, bool, tuple[str, ...] | None]


class Right(NamedTuple):
    until: float
    stream: str


class Access:
    """Only rights are kept, never refusals: a right just given must work at once."""

    def __init__(self, keepers: Keepers) -> None:
        self._keepers = keepers
        self._rights: dict[UserKey, dict[RightKey, Right]] = {}

    async def check(self, principal: Principal, topic: str) -> str:
        """The stream that they hear. Raises as Keepers do: TopicNotFound for absent and forbidden alike."""
        right = self._rights.get(_user(principal), {}).get(_right(principal, topic))
        if right is None or right.until < time.monotonic():
            return (await self.fresh_standing(principal, topic)).stream
        return right.stream

    async def fresh_standing(self, principal: Principal, topic: str) -> Standing:
        """Where the topic stands at a moment after this call. Raises as Keepers do."""
        user = _user(principal)
        rights = self._rights.setdefault(user, {})
        standing = await self._keepers.standing(principal, topic)
        if self._rights.get(user) is rights:  # else the question is older than the event that emptied it
            rights[_right(principal, topic)] = Right(time.monotonic() + KEPT_SECONDS, standing.stream)
        return standing

    def forget(self, tenant_id: UUID, user_id: UUID) -> None:
        """Ask anew whatever this user may see."""
        self._rights.pop((tenant_id, user_id), None)

    def forget_topics(self, tenant_id: UUID, concerns: Callable[[Topic], bool]) -> None:
        """Ask anew who of this tenant may see these. Answers that are under way are older than that and not kept."""
        for user, rights in tuple(self._rights.items()):
            if user[0] == tenant_id:
                self._rights[user] = {key: right for key, right in rights.items() if not concerns(known_topic(key[0]))}

    def forget_all(self) -> None:
        """Ask anew whatever anybody may see."""
        self._rights.clear()

    def prune(self) -> None:
        """Drops what is too old to be used."""
        now = time.monotonic()
        for user, rights in tuple(self._rights.items()):
            for right in [key for key, right in rights.items() if right.until < now]:
                del rights[right]
            if not rights:
                del self._rights[user]


def _user(principal: Principal) -> UserKey:
    return principal.tenant_id, principal.user_id


def _right(principal: Principal, topic: str) -> RightKey:
    return topic, principal.role, principal.is_platform_admin, principal.scopes
