"""One topic's stream on this node: in order, without duplicates, and never past a gap in silence."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol
from uuid import UUID

from realtime_service.events import Renderer, TopicEvent
from realtime_service.held_events import HeldEvents
from realtime_service.positions import Position
from realtime_service.replay import Missed
from shared.events.topics import parse_topic, topic_of
from shared.principal import Principal

if TYPE_CHECKING:
    from realtime_service.passing import PassingFrame


class Subscriber(Protocol):
    @property
    def principal(self) -> Principal: ...

    def deliver(self, event: TopicEvent) -> None:
        """The next event of the topic."""

    def pass_on(self, passing: "PassingFrame") -> None:
        """Something of the moment, outside of the order of the topic."""

    def moved(self, position: Position, reason: str | None) -> None:
        """The stream goes on after `position`: for the first time (no reason), or because what lies between is lost.

        Its own position is still the one before. Events are delivered again, whatever was shortened.
        """

    def typing(self, user_id: UUID) -> None:
        """Somebody is about to say something."""

    def refused(self) -> None:
        """The keeper says that this subscriber has no right any more: leave."""


class Outlet(Protocol):
    """Where bytes go out to one reader."""

    @property
    def put(self) -> Callable[[bytes], None]: ...


class Direct(NamedTuple):
    """The short way to a reader for whom every event becomes one frame, the same as for all others of its dialect."""

    render: Renderer
    outlet: Outlet


class TopicStream:
    """Knows the last offset told to its subscribers. Events that do not follow it wait until `mend` fills the gap."""

    def __init__(
        self,
        tenant_id: UUID,
        name: str,
        ask_for_repair: Callable[["TopicStream"], None],
        note_written: Callable[[int, float], None],
    ) -> None:
        """`note_written` is told of frames that went the short way, and of the seconds that took."""
        self.tenant_id = tenant_id
        self.name = name
        self.owner = owner_of(name)
        self.subscribers: dict[Subscriber, Direct | None] = {}
        self._attentive: dict[Subscriber, None] = {}
        self._crowds: dict[Renderer, dict[Outlet, None]] = {}
        self.position: Position | None = None
        self.is_repairing = False
        self._is_suspect = False
        self._held = HeldEvents()
        self._ask_for_repair = ask_for_repair
        self._note_written = note_written
        self._unwritten: list[TopicEvent] = []
        self._unwritten_since = 0.0

    def add(self, subscriber: Subscriber) -> None:
        self.subscribers[subscriber] = None
        self._attentive[subscriber] = None

    def shorten(self, subscriber: Subscriber, direct: Direct) -> None:
        """Until the stream moves, its events are written directly instead of delivered to it."""
        if self._attentive.pop(subscriber, direct) is None:
            self._write()  # what it has been told already is not for it
            self.subscribers[subscriber] = direct
            self._crowds.setdefault(direct.render, {})[direct.outlet] = None

    def attend(self, subscriber: Subscriber) -> None:
        """From now on its events are delivered to it again."""
        direct = self.subscribers.get(subscriber)
        if direct is not None:
            self._write()  # what it has been told already is still for it
            self._leave_crowd(direct)
            self.subscribers[subscriber] = None
            self._attentive[subscriber] = None

    def remove(self, subscriber: Subscriber) -> None:
        self._write()
        self._attentive.pop(subscriber, None)
        direct = self.subscribers.pop(subscriber, None)
        if direct is not None:
            self._leave_crowd(direct)

    def open(self, position: Position) -> None:
        """Start after `position`, which was read when the stream already listened. Later calls change nothing."""
        if self.position is None:
            self._move(position, None)
            self._release()

    def accept(self, event: TopicEvent) -> None:
        if self.position is None or self.is_repairing:
            self._held.add(event)
        elif event.position == (self.position.epoch, self.position.offset + 1):
            self._deliver(event)
        elif self._is_ahead(event):
            self._held.add(event)
            self._begin_repair()

    def suspect(self) -> None:
        """Something may have been missed: compare with the keeper before going on."""
        self._is_suspect = True
        if self.position is not None and not self.is_repairing:
            self._begin_repair()

    def about_to_ask(self) -> Position:
        """Where to ask from. The answer will be newer than all that is held, so events of other epochs can go."""
        assert self.position is not None
        self._is_suspect = False
        epoch = self.position.epoch
        self._held = HeldEvents(event for event in self._held if event.position.epoch == epoch)
        return self.position

    def mend(self, missed: Missed) -> None:
        """Go on with what the keeper answered; it may turn out that the next repair is due, or more of this one."""
        if missed.reason is None:
            for event in missed.events:
                self._deliver(event)
        else:
            self._move(missed.position, missed.reason)
        if not missed.has_more:
            self._end_repair()

    def give_up(self, reason: str) -> None:
        """Go on without the missing events and tell so: after the last gap in what is held."""
        assert self.position is not None
        run = _last_run([event for event in self._held if self._is_ahead(event)])
        first = run[0].position if run else None
        self._move(Position(first.epoch, first.offset - 1) if first else self.position, reason)
        self._is_suspect = False
        self._end_repair()

    def _is_ahead(self, event: TopicEvent) -> bool:
        assert self.position is not None
        return event.position.epoch != self.position.epoch or event.position.offset > self.position.offset

    def _begin_repair(self) -> None:
        self.is_repairing = True
        self._ask_for_repair(self)

    def _end_repair(self) -> None:
        self.is_repairing = False
        self._release()

    def _release(self) -> None:
        if self._is_suspect:
            self._begin_repair()
            return
        held, self._held = sorted(self._held, key=lambda event: event.position), HeldEvents()
        for event in held:
            self.accept(event)

    def _deliver(self, event: TopicEvent) -> None:
        self.position = event.position
        if not event.is_live:
            return
        if self._crowds:
            self._write_soon(event)
        for subscriber in tuple(self._attentive):
            subscriber.deliver(event)

    def _write_soon(self, event: TopicEvent) -> None:
        """The events of one loop turn leave as one piece of bytes, the same for all."""
        if not self._unwritten:
            self._unwritten_since = time.perf_counter()
            asyncio.get_running_loop().call_soon(self._write)
        self._unwritten.append(event)

    def _write(self) -> None:
        if not self._unwritten:
            return
        events, self._unwritten = self._unwritten, []
        number = 0
        for render, crowd in self._crowds.items():
            frames = [event.frame(render) for event in events]
            joined = frames[0] if len(frames) == 1 else b"".join(frames)
            for outlet in tuple(crowd):
                outlet.put(joined)
            number += len(frames) * len(crowd)
        self._note_written(number, time.perf_counter() - self._unwritten_since)

    def _move(self, position: Position, reason: str | None) -> None:
        """May go back as well as forward, so every subscriber decides anew what of the next events is new to it."""
        self._write()
        for subscriber, direct in tuple(self.subscribers.items()):
            if direct is not None:
                self._leave_crowd(direct)
                self.subscribers[subscriber] = None
                self._attentive[subscriber] = None
            subscriber.moved(position, reason)
        self.position = position

    def _leave_crowd(self, direct: Direct) -> None:
        crowd = self._crowds[direct.render]
        crowd.pop(direct.outlet, None)
        if not crowd:
            del self._crowds[direct.render]


def owner_of(stream: str) -> str:
    """The service that has the log of the stream's topic; empty where there can be no such topic."""
    topic = parse_topic(topic_of(stream))
    return "" if topic is None else topic.keeper


def _last_run(held: Sequence[TopicEvent]) -> list[TopicEvent]:
    """The events behind the last gap, in the epoch that was heard last."""
    if not held:
        return []
    epoch = held[-1].position.epoch
    run: list[TopicEvent] = []
    for event in sorted((event for event in held if event.position.epoch == epoch), key=lambda one: one.position):
        if run and event.position.offset > run[-1].position.offset + 1:
            run = []
        run.append(event)
    return run
