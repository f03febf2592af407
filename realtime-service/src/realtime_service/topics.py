"""One topic's stream on this node: in order, without duplicates, and never past a gap in silence."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol
from uuid import UUID

from realtime_service.events import Renderer, TopicEvent
from realtime_service.positions import Position
from realtime_service.replay import Missed
from shared.principal import Principal

MAX_HELD = 1_000  # events kept while the stream waits; what is dropped beyond is a gap like any other


class Subscriber(Protocol):
    @property
    def principal(self) -> Principal: ...

    def deliver(self, event: TopicEvent) -> None:
        """The next event of the topic."""

    def moved(self, position: Position, reason: str | None) -> None:
        """The stream goes on after `position`: for the first time (no reason), or because what lies between is lost."""

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
        topic: str,
        ask_for_repair: Callable[["TopicStream"], None],
        count_frames: Callable[[int], None],
    ) -> None:
        self.tenant_id = tenant_id
        self.topic = topic
        self.subscribers: dict[Subscriber, Direct | None] = {}
        self._attentive: dict[Subscriber, None] = {}
        self._crowds: dict[Renderer, dict[Outlet, None]] = {}
        self.position: Position | None = None
        self.is_repairing = False
        self._is_suspect = False
        self._held: deque[TopicEvent] = deque(maxlen=MAX_HELD)
        self._ask_for_repair = ask_for_repair
        self._count_frames = count_frames

    def add(self, subscriber: Subscriber) -> None:
        self.subscribers[subscriber] = None
        self._attentive[subscriber] = None

    def shorten(self, subscriber: Subscriber, direct: Direct) -> None:
        """From now on its events are written directly instead of delivered to it."""
        if self._attentive.pop(subscriber, direct) is None:
            self.subscribers[subscriber] = direct
            self._crowds.setdefault(direct.render, {})[direct.outlet] = None

    def attend(self, subscriber: Subscriber) -> None:
        """From now on its events are delivered to it again."""
        direct = self.subscribers.get(subscriber)
        if direct is not None:
            self._crowds[direct.render].pop(direct.outlet, None)
            self.subscribers[subscriber] = None
            self._attentive[subscriber] = None

    def remove(self, subscriber: Subscriber) -> None:
        self._attentive.pop(subscriber, None)
        direct = self.subscribers.pop(subscriber, None)
        if direct is not None:
            self._crowds[direct.render].pop(direct.outlet, None)

    def open(self, position: Position) -> None:
        """Start after `position`, which was read when the stream already listened. Later calls change nothing."""
        if self.position is None:
            self._move(position, None)
            self._release()

    def accept(self, event: TopicEvent) -> None:
        if self.position is None or self.is_repairing:
            self._held.append(event)
        elif event.position == (self.position.epoch, self.position.offset + 1):
            self._deliver(event)
        elif event.position.epoch != self.position.epoch or event.position.offset > self.position.offset:
            self._held.append(event)
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
        self._held = deque((event for event in self._held if event.position.epoch == epoch), MAX_HELD)
        return self.position

    def mend(self, missed: Missed) -> None:
        """Go on with what the keeper answered; it may turn out that the next repair is due."""
        if missed.reason is None:
            for event in missed.events:
                self._deliver(event)
        else:
            self._move(missed.position, missed.reason)
        self._end_repair()

    def give_up(self, reason: str) -> None:
        """Go on without the missing events and tell so: after the last gap in what is held."""
        run = _last_run(self._held)
        assert self.position is not None
        first = run[0].position if run else None
        self._move(Position(first.epoch, first.offset - 1) if first else self.position, reason)
        self._is_suspect = False
        self._end_repair()

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
        held, self._held = sorted(self._held, key=lambda event: event.position), deque(maxlen=MAX_HELD)
        for event in held:
            self.accept(event)

    def _deliver(self, event: TopicEvent) -> None:
        self.position = event.position
        if not event.is_live:
            return
        for render, crowd in self._crowds.items():
            frame = event.frame(render)
            for outlet in tuple(crowd):
                outlet.put(frame)
            self._count_frames(len(crowd))
        for subscriber in tuple(self._attentive):
            subscriber.deliver(event)

    def _move(self, position: Position, reason: str | None) -> None:
        self.position = position
        for subscriber in tuple(self.subscribers):
            subscriber.moved(position, reason)


def _last_run(held: deque[TopicEvent]) -> list[TopicEvent]:
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
