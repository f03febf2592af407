"""One reader of one topic: joins its stream without a hole between what was missed and what happens next."""

from asyncio import Lock
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from realtime_service.access import Access
from realtime_service.events import TopicEvent
from realtime_service.held_events import HeldEvents
from realtime_service.hub import Hub
from realtime_service.passing import PassingFrame
from realtime_service.positions import Position
from realtime_service.replay import Keepers, Missed
from realtime_service.topics import Direct, TopicStream
from shared.principal import Principal

Filter = Mapping[str, Any]


Deliver = Callable[[list[TopicEvent], Position], Awaitable[None]]
"""Hands a reader a part of what it missed, up to a position, and returns when there is room for more."""


class Joined(NamedTuple):
    """Where a reader stands. `missed` are the last events between its own position and this one, if it recovered."""

    position: Position
    missed: list[TopicEvent]
    is_recovered: bool
    reason: str | None


class Reader(Protocol):
    """The dialect's side of a subscription."""

    def event(self, event: TopicEvent) -> None: ...

    def passing(self, passing: PassingFrame) -> None: ...

    def lost(self, topic: str, position: Position, reason: str) -> None:
        """Events up to `position` will not come any more: the state must be read anew."""

    def refused(self, topic: str) -> None:
        """The right is gone, and the subscription with it."""

    def typing(self, topic: str, user_id: UUID) -> None:
        """Somebody else is about to say something."""

    def overwhelmed(self) -> None:
        """More happened than could be kept while the reader was catching up."""


class Subscription:
    """Until `go_live` it keeps what the stream delivers; its own position may be ahead of its stream's."""

    __slots__ = (
        "_direct",
        "_filter",
        "_hub",
        "_is_settled",
        "_is_short",
        "_loss",
        "_reached",
        "_reader",
        "_stream",
        "_stream_name",
        "_waiting",
        "principal",
        "topic",
    )

    def __init__(
        self,
        hub: Hub,
        principal: Principal,
        topic: str,
        reader: Reader,
        wanted: Filter | None = None,
        direct: Direct | None = None,
    ) -> None:
        """With `direct`, events reach the reader that way once there is nothing left to decide about them."""
        self.principal = principal
        self.topic = topic
        self._hub = hub
        self._reader = reader
        self._filter = wanted
        self._direct = direct if wanted is None else None
        self._stream: TopicStream | None = None
        self._stream_name = ""
        self._reached: Position | None = None
        self._waiting: HeldEvents | None = HeldEvents()
        self._is_settled = False
        self._is_short = False
        self._loss: str | None = None

    async def join(
        self, access: Access, keepers: Keepers, since: Position | None, deliver: Deliver, catching_up: Lock
    ) -> Joined:
        """Raises as Keepers do, and has then left again. Answer the reader, then call `go_live`.

        What more than one answer of the owner holds is delivered part by part, before anything live has to wait. With
        `catching_up` a client holds one such part at a time.
        """
        try:
            stream = await self._enter(access)
            missed = await keepers.missed(self.principal, stream, since) if since is not None else None
            while since is not None and missed is not None and missed.has_more:
                self.leave()
                missed = None
                async with catching_up:
                    since = await self._catch_up(access, keepers, since, deliver)
                stream = await self._enter(access)
                missed = await keepers.missed(self.principal, stream, since)
        except BaseException:
            self.leave()
            raise
        return self._settle(missed)

    async def _catch_up(self, access: Access, keepers: Keepers, since: Position, deliver: Deliver) -> Position:
        """The position of the last event delivered: what follows it fits into one answer, or is lost."""
        while True:
            stream = await access.check(self.principal, self.topic)
            missed = await keepers.missed(self.principal, stream, since)
            if not missed.has_more:
                return since
            since = missed.position
            await deliver(self._wanted(missed.events), since)

    async def _enter(self, access: Access) -> str:
        """Listens first and asks then; whoever turns out to hear another stream forgets what came on the first."""
        name, answered = "", self.topic
        while name != answered:
            self.leave()
            name = answered
            self._waiting, self._loss = HeldEvents(), None
            stream = self._stream = self._hub.join(self, name)
            self._stream_name = name
            self._reached = stream.position
            if stream.position is None:
                position, answered = await access.fresh_standing(self.principal, self.topic)
                if answered == name:
                    stream.open(position)
            else:
                answered = await access.check(self.principal, self.topic)
        return name

    def hears(self, stream: str) -> bool:
        """False: it follows its topic on another stream."""
        return self._stream_name == stream

    def go_live(self) -> None:
        """From here on events go straight to the reader, those that waited first."""
        waiting, self._waiting = self._waiting or HeldEvents(), None
        if self._loss is not None and self._reached is not None:
            self._reader.lost(self.topic, self._reached, self._loss)
        for event in waiting:
            self.deliver(event)
        self._shorten()

    def hold(self) -> None:
        """Back to keeping what the stream delivers, until `go_live`."""
        if self._waiting is None and self._stream is not None:
            self._waiting = HeldEvents()
            self._loss = None
            self._stream.attend(self)

    def leave(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            self._hub.leave(self, stream)

    # What the stream calls.

    def deliver(self, event: TopicEvent) -> None:
        if self._waiting is not None:
            self._keep(event)
        elif self._reached is None or self._is_new(event, self._reached):
            self._reached = None
            if self._filter is None or _fits(event, self._filter):
                self._reader.event(event)
            self._shorten()

    def pass_on(self, passing: PassingFrame) -> None:
        if self._waiting is None:
            self._reader.passing(passing)

    def moved(self, position: Position, reason: str | None) -> None:
        """A reader that is ahead of the stream's new position loses nothing."""
        if self._is_short and self._stream is not None:
            self._is_short, self._reached = False, self._stream.position
        reached = self._reached
        if reached is not None and reached.epoch == position.epoch and reached.offset >= position.offset:
            return
        self._reached = position
        if self._waiting is None:
            self._reader.lost(self.topic, position, reason or "moved")
        else:
            self._waiting = HeldEvents()
            self._loss = reason if self._is_settled else None

    def typing(self, user_id: UUID) -> None:
        if self._waiting is None and user_id != self.principal.user_id:
            self._reader.typing(self.topic, user_id)

    def refused(self) -> None:
        self.leave()
        self._reader.refused(self.topic)

    def _shorten(self) -> None:
        """A reader that is ahead of its stream has to be asked until they meet."""
        stream, direct = self._stream, self._direct
        if direct is None or stream is None or self._waiting is not None:
            return
        if self._reached is None or self._reached == stream.position:
            self._is_short, self._reached = True, None
            stream.shorten(self, direct)

    def _settle(self, missed: Missed | None) -> Joined:
        """Recovered only if what was missed reaches the first event that waits here."""
        assert self._reached is not None
        self._is_settled = True
        joined = self._reached
        if missed is None:
            return Joined(joined, [], is_recovered=False, reason=None)
        position, reason = missed.position, missed.reason
        if reason is None and position.epoch == joined.epoch and position.offset >= joined.offset:
            self._reached = position
            return Joined(position, self._wanted(missed.events), is_recovered=True, reason=None)
        return Joined(joined, [], is_recovered=False, reason=reason or "incomplete")

    def _keep(self, event: TopicEvent) -> None:
        assert self._waiting is not None
        if not self._waiting.add(event):
            self._reader.overwhelmed()

    def _wanted(self, events: list[TopicEvent]) -> list[TopicEvent]:
        return [one for one in events if one.is_live and (self._filter is None or _fits(one, self._filter))]

    @staticmethod
    def _is_new(event: TopicEvent, reached: Position) -> bool:
        """Not yet told: at first the reader may have been told more than its stream has delivered."""
        return event.position.epoch != reached.epoch or event.position.offset > reached.offset


def _fits(event: TopicEvent, wanted: Filter) -> bool:
    """A field that the payload does not have excludes nothing: what is left of a deleted thing is only its id.

    Nobody can tell whether what is redacted fitted.
    """
    if event.is_redacted:
        return True
    payload = event.payload_fields
    return all(name not in payload or _is_same(payload[name], value) for name, value in wanted.items())


def _is_same(given: Any, wanted: Any) -> bool:
    """As JSON sees it: true is not 1."""
    return isinstance(given, bool) is isinstance(wanted, bool) and bool(given == wanted)
