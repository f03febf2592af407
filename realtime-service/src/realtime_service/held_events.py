"""Events that wait for a stream or a reader, bounded in number and in bytes."""

from collections import deque
from collections.abc import Iterable, Iterator

from realtime_service.events import TopicEvent

MAX_HELD = 1_000  # events
MAX_HELD_BYTES = 4 * 1024 * 1024
"""Of event data. One event that is larger may wait alone."""


class HeldEvents:
    """Drops the oldest beyond the bounds: to the stream that is a gap like any other.

    What is deleted, or written anew, while it waits here is not shown any more.
    """

    __slots__ = ("_bytes", "_events")

    def __init__(self, events: Iterable[TopicEvent] = ()) -> None:
        self._events: deque[TopicEvent] = deque()
        self._bytes = 0
        for event in events:
            self.add(event)

    def __iter__(self) -> Iterator[TopicEvent]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    @property
    def is_over(self) -> bool:
        return len(self._events) > MAX_HELD or (self._bytes > MAX_HELD_BYTES and len(self._events) > 1)

    def add(self, event: TopicEvent) -> bool:
        """False when the bounds were reached, and something was dropped."""
        if event.redacts_earlier:
            self._redact(event)
        self._events.append(event)
        self._bytes += event.size
        is_complete = not self.is_over
        while self.is_over:
            self._bytes -= self._events.popleft().size
        return is_complete

    def _redact(self, by: TopicEvent) -> None:
        for event in self._events:
            if event.envelope.subject == by.envelope.subject and event.position < by.position:
                event.redact()
