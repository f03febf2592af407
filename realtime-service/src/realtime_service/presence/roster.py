"""Who is where, put together from what every node says."""

from heapq import nsmallest
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from realtime_service.presence.signals import Member

MAX_SHOWN = 128  # members of a place that are shown, lowest ids first: a list must fit what a slow reader may be sent


class Place(NamedTuple):
    tenant_id: UUID
    topic: str


class _Sighting(NamedTuple):
    at: float
    member: Member


class Roster:
    def __init__(self) -> None:
        self._sightings: dict[Place, dict[UUID, dict[UUID, _Sighting]]] = {}
        self._places_of: dict[UUID, dict[tuple[Place, UUID], None]] = {}
        self._changed: dict[Place, None] = {}

    def seen(self, node: UUID, place: Place, member: Member, at: float) -> None:
        nodes = self._sightings.setdefault(place, {}).setdefault(member.user_id, {})
        nodes[node] = _Sighting(at, member)
        self._places_of.setdefault(node, {})[place, member.user_id] = None
        self._changed[place] = None

    def gone(self, node: UUID, place: Place, user_id: UUID) -> None:
        self._places_of.get(node, {}).pop((place, user_id), None)
        users = self._sightings.get(place, {})
        if users.get(user_id, {}).pop(node, None) is None:
            return
        self._changed[place] = None
        if not users[user_id]:
            del users[user_id]
        if not users:
            del self._sightings[place]

    def forget(self, node: UUID) -> None:
        """Whoever is there only by the word of this node is gone."""
        for place, user_id in tuple(self._places_of.pop(node, ())):
            self.gone(node, place, user_id)

    def members(self, place: Place) -> dict[UUID, Member]:
        """By user; of one whom several nodes see, what is newest."""
        users = self._sightings.get(place, {})
        shown = users if len(users) <= MAX_SHOWN else nsmallest(MAX_SHOWN, users)
        return {user_id: max(users[user_id].values(), key=attrgetter("at")).member for user_id in shown}

    def take_changed(self) -> list[Place]:
        """Where something may have changed since the last call."""
        changed, self._changed = list(self._changed), {}
        return changed
