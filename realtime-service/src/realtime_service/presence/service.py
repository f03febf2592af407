"""Presence on this node: its own people are told to the other nodes, everybody's are told to its watchers.

Nodes number what they say. Whoever notices a gap, or hears of a node for the first time, asks it to begin anew; a node
that has fallen silent is forgotten with all it said. So nothing is stored and nothing stays wrong.
"""

import asyncio
import time
from collections import deque
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

from realtime_service.presence.changes import PresenceChange
from realtime_service.presence.roster import Place, Roster
from realtime_service.presence.signals import Asked, Beat, Begun, Gone, Member, PresenceSignal, Present
from realtime_service.timers import Timer, TimerWheel
from shared.ids import new_id
from shared.messaging.signals import Signals
from shared.principal import Principal

_NOTHING = msgspec.Raw(b"null")


class Pace(NamedTuple):
    """All in seconds. Silence lasts longer than a return: a client of a killed node may come back on another one."""

    turn: float = 0.1  # changes of one turn are told together
    beat: float = 2.0
    silence: float = 13.0  # then a node counts as dead: its ghosts are gone within 15 s
    return_: float = 10.0  # a connection that is lost may come back before anybody hears of it


class Watcher(Protocol):
    """One subscription that wants to know who is there, and is there itself."""

    @property
    def principal(self) -> Principal: ...

    def presence_changed(self, change: PresenceChange) -> bool:
        """False when the client is too far behind to be told now."""


class _Voice(msgspec.Struct):
    """What is known of another node."""

    number: int
    heard_at: float
    is_whole: bool = False


class _Here(msgspec.Struct):
    """One of this node's people in one place."""

    member: Member
    at: float
    watchers: set[Watcher] = msgspec.field(default_factory=set)
    leaving: Timer | None = None


class _Where(NamedTuple):
    place: Place
    user_id: UUID


class Presence:
    def __init__(self, signals: Signals, wheel: TimerWheel, pace: Pace = Pace()) -> None:  # noqa: B008 - immutable
        self._pace = pace
        self._signals = signals
        self._wheel = wheel
        self._node = new_id()
        self._number = 0
        self._roster = Roster()
        self._here: dict[_Where, _Here] = {}
        self._watchers: dict[Place, dict[Watcher, None]] = {}
        self._told: dict[Place, dict[UUID, Member]] = {}
        self._behind: dict[tuple[Place, Watcher], set[UUID]] = {}
        self._voices: dict[UUID, _Voice] = {}
        self._unsent: deque[PresenceSignal] = deque()
        self._must_begin = True

    async def start(self) -> None:
        await self._signals.on(PresenceSignal, self._hear)
        self._say(Asked(of=None))

    async def run(self) -> None:
        """Until it is cancelled."""
        next_beat = 0.0
        while True:
            if time.monotonic() >= next_beat:
                next_beat = time.monotonic() + self._pace.beat
                self._beat()
                self._tell_behind()
            await self._send()
            self._tell_changes()
            await asyncio.sleep(self._pace.turn)

    # What watchers do.

    def enter(self, watcher: Watcher, topic: str, display_name: str | None) -> list[Member]:
        """Who is there now, the watcher's user included. Some of them may be told again as joined."""
        where = _where(watcher, topic)
        here = self._here.get(where)
        if here is None:
            here = _Here(Member(user_id=where.user_id, display_name=display_name, state=_NOTHING), time.time())
            self._here[where] = here
            self._announce(where, here)
        self._stay(here)
        here.watchers.add(watcher)
        self._watchers.setdefault(where.place, {})[watcher] = None
        return list(self._roster.members(where.place).values())

    def set_state(self, watcher: Watcher, topic: str, state: msgspec.Raw) -> None:
        """Of the user, in all windows. The watcher has entered."""
        where = _where(watcher, topic)
        here = self._here[where]
        if here.member.state != state:
            here.member, here.at = msgspec.structs.replace(here.member, state=state.copy()), time.time()
            self._announce(where, here)

    def leave(self, watcher: Watcher, topic: str, *, may_return: bool) -> None:
        """Who went on purpose is gone at once."""
        where = _where(watcher, topic)
        watchers, here = self._watchers.get(where.place, {}), self._here.get(where)
        watchers.pop(watcher, None)
        self._behind.pop((where.place, watcher), None)
        if not watchers:
            self._watchers.pop(where.place, None)
            self._told.pop(where.place, None)
        if here is None:
            return
        here.watchers.discard(watcher)
        if not here.watchers and not may_return:
            self._depart(where)
        elif not here.watchers and here.leaving is None:
            here.leaving = self._wheel.after(self._pace.return_, lambda: self._depart(where))

    def _stay(self, here: _Here) -> None:
        if here.leaving is not None:
            here.leaving.cancel()
            here.leaving = None

    def _depart(self, where: _Where) -> None:
        here = self._here.pop(where, None)
        if here is None:
            return
        self._stay(here)
        self._roster.gone(self._node, *where)
        self._say(Gone(tenant_id=where.place.tenant_id, topic=where.place.topic, user_id=where.user_id))

    def _announce(self, where: _Where, here: _Here) -> None:
        self._roster.seen(self._node, where.place, here.member, here.at)
        place = where.place
        self._say(Present(tenant_id=place.tenant_id, topic=place.topic, member=here.member, at=here.at))

    # What nodes say.

    def _say(self, said: Present | Gone | Begun | Beat | Asked) -> None:
        if not isinstance(said, Beat | Asked):
            self._number += 1
        self._unsent.append(PresenceSignal(node=self._node, number=self._number, said=said))

    async def _send(self) -> None:
        if self._must_begin:
            self._must_begin = False
            self._say(Begun())
            for where, here in self._here.items():
                self._announce(where, here)
        while self._unsent:
            await self._signals.send(self._unsent.popleft())

    def _hear(self, signal: PresenceSignal) -> None:
        said = signal.said
        if signal.node == self._node:
            return
        if isinstance(said, Asked):
            self._must_begin = self._must_begin or said.of in (None, self._node)
        elif self._is_whole(signal):
            self._note(signal.node, said)

    def _is_whole(self, signal: PresenceSignal) -> bool:
        """Whether nothing is missing before this word; else its node is asked for all, once a beat."""
        voice = self._voices.setdefault(signal.node, _Voice(number=-1, heard_at=0.0))
        voice.heard_at = time.monotonic()
        if isinstance(signal.said, Begun):
            voice.is_whole = True
        elif signal.number != voice.number + (0 if isinstance(signal.said, Beat) else 1):
            voice.is_whole = False
        voice.number = signal.number
        if not voice.is_whole and isinstance(signal.said, Beat):
            self._say(Asked(of=signal.node))
        return voice.is_whole

    def _note(self, node: UUID, said: Present | Gone | Begun | Beat) -> None:
        if isinstance(said, Present):
            self._roster.seen(node, Place(said.tenant_id, said.topic), said.member, said.at)
        elif isinstance(said, Gone):
            self._roster.gone(node, Place(said.tenant_id, said.topic), said.user_id)
        elif isinstance(said, Begun):
            self._roster.forget(node)

    def _beat(self) -> None:
        self._say(Beat())
        oldest = time.monotonic() - self._pace.silence
        for node in [node for node, voice in self._voices.items() if voice.heard_at < oldest]:
            del self._voices[node]
            self._roster.forget(node)

    # What watchers hear.

    def _tell_changes(self) -> None:
        for place in self._roster.take_changed():
            watchers = self._watchers.get(place)
            if not watchers:
                continue
            now, told = self._roster.members(place), self._told.get(place, {})
            self._told[place] = now
            change = PresenceChange.between(place.topic, told, now)
            if not change.is_empty:
                for watcher in tuple(watchers):
                    self._tell(place, watcher, change)

    def _tell(self, place: Place, watcher: Watcher, change: PresenceChange) -> None:
        missed = self._behind.get((place, watcher))
        if missed is None and not watcher.presence_changed(change):
            missed = self._behind[place, watcher] = set()
        if missed is not None:
            missed.update(change.left)

    def _tell_behind(self) -> None:
        """Who could not be told is told all of it when it has caught up."""
        for (place, watcher), left in tuple(self._behind.items()):
            if watcher.presence_changed(PresenceChange.whole(place.topic, self._roster.members(place), left)):
                del self._behind[place, watcher]


def _where(watcher: Watcher, topic: str) -> _Where:
    principal = watcher.principal
    return _Where(Place(principal.tenant_id, topic), principal.user_id)
