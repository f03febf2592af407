"""Server-sent events: the topics named in the address, resumed by `Last-Event-ID`, for where WebSockets are blocked."""

import random
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from realtime_service.connection import Connection
from realtime_service.dialects.stream_positions import StreamPositions
from realtime_service.dialects.topics_frames import ErrorFrame, Said, Subscribed, event_json
from realtime_service.events import TopicEvent
from realtime_service.following import Concerns, Following, LiveParts
from realtime_service.frames import CloseCode, encode_json
from realtime_service.http_stream import chunk
from realtime_service.passing import PassingFrame
from realtime_service.positions import Position
from realtime_service.subscription import Joined
from shared.errors import TesseraError
from shared.events.questions import TopicNotFound
from shared.supervision import TaskSet

RETRY_MS = (1_000, 3_000)  # spread, so that a crowd does not come back as one


class EventStream:
    """One client. The id of each event names the place of all topics, so that the last one heard is enough to resume.

    `subscribed`, `lost` and whatever else is told beside events have ids too: what they say is not said again.
    """

    dialect = "sse"
    ping = chunk(b": still here\n\n")
    is_one_way = True

    def __init__(self, parts: LiveParts, connection: Connection, topics: list[str], last_event_id: str | None) -> None:
        self._parts = parts
        self._connection = connection
        self._topics = topics
        self._before = StreamPositions.read(last_event_id)
        self._reached = StreamPositions(topics)
        self._tasks = TaskSet("serve a client")
        self._following = Following(parts, self, self._tasks, event_chunk)

    # What the connection calls.

    def welcome(self) -> None:
        self._connection.write(chunk(b"retry: %d\n\n" % random.randint(*RETRY_MS)))  # noqa: S311 - spreads load
        if not self._parts.is_bus_back.is_set():
            self.say("degraded")
        self._follow_all()

    def message(self, _text: bytes) -> None:
        """Never called: nothing is heard of this client."""

    def fail(self, error: TesseraError, retry_after_ms: int | None = None) -> None:
        self._tell("failed", _error(error, retry_after_ms=retry_after_ms))

    def say(self, action: str, retry_after_ms: int | None = None) -> None:
        self._tell(action, Said(action=action, retry_after_ms=_or_unset(retry_after_ms)))
        if retry_after_ms is not None:
            self._connection.write(chunk(b"retry: %d\n\n" % retry_after_ms))

    def audience_changed(self) -> None:
        self._following.audience_changed()

    def rights_doubted(self, concerns: Concerns) -> bool:
        return self._following.doubt(concerns)

    def rights_changed(self) -> None:
        self._following.check_again()

    def end(self) -> None:
        self._tasks.cancel()
        self._following.leave_all()

    # What subscriptions tell.

    def event(self, event: TopicEvent) -> None:
        self._reached.move(event.topic, event.position)
        self._connection.write(chunk(b"id: %b\n" % self._reached.text()))
        self._connection.write(event.frame(event_chunk))

    def lost(self, topic: str, position: Position, reason: str) -> None:
        self._tell_place(topic, position, is_recovered=False, reason=reason)
        self._parts.metrics.recoveries.labels("lost").inc()

    def missed(self, events: Sequence[TopicEvent]) -> None:
        for event in events:
            self.event(event)

    def passing(self, passing: PassingFrame) -> None:
        """Not told here: the answer itself has a stream of its own."""

    def typing(self, topic: str, user_id: UUID) -> None:
        """Not told here: it would be old before it is read."""

    def refused(self, topic: str) -> None:
        self._following.leave(topic)
        self.taken_away(topic, TopicNotFound())

    def taken_away(self, topic: str, error: TesseraError) -> None:
        """What cannot be followed just now is tried again by the client, which comes back from where it was."""
        self._tell("failed", _error(error, topic))
        if not isinstance(error, TopicNotFound):
            self._connection.close(CloseCode.RESTARTING)
        elif not len(self._following):
            self._connection.close(CloseCode.NOT_FOUND)

    def overwhelmed(self) -> None:
        self._connection.close(CloseCode.TOO_SLOW)

    async def drained(self) -> None:
        await self._connection.drained()

    # Joining.

    def _follow_all(self) -> None:
        credentials = self._connection.credentials
        assert credentials is not None
        for topic in self._topics:
            since = self._before.get(topic)
            if since is not None:
                self._reached.move(topic, since)
        for topic in self._topics:
            self._follow(topic)

    def _follow(self, topic: str) -> None:
        credentials = self._connection.credentials
        assert credentials is not None

        async def joined(place: Joined) -> None:
            self._tell_place(topic, place.position, is_recovered=place.is_recovered, reason=place.reason)

        self._following.join(
            topic, credentials.principal, self._before.get(topic), joined=joined, failed=partial(self.taken_away, topic)
        )

    def _tell_place(self, topic: str, position: Position, *, is_recovered: bool, reason: str | None) -> None:
        self._reached.move(topic, position)
        epoch, offset = position
        self._connection.write(chunk(b"id: %b\n" % self._reached.text()))
        place = Subscribed(topic=topic, epoch=epoch, offset=offset, recovered=is_recovered, reason=_or_unset(reason))
        self._tell("subscribed", place)

    def _tell(self, name: str, frame: Said | Subscribed | ErrorFrame) -> None:
        self._connection.write(chunk(b"event: %b\ndata: %b\n\n" % (name.encode(), encode_json(frame))))


def event_chunk(event: TopicEvent) -> bytes:
    """All but the id, which is the client's own."""
    assert event.contract is not None
    assert event.contract.live is not None
    return chunk(b"event: %b\ndata: %b\n\n" % (event.contract.live.value.encode(), event.frame(event_json)))


def _error(error: TesseraError, topic: str | None = None, retry_after_ms: int | None = None) -> ErrorFrame:
    return ErrorFrame(
        code=error.code,
        message=error.message,
        topic=_or_unset(topic),
        temporary=retry_after_ms is not None,
        retry_after_ms=_or_unset(retry_after_ms),
        details=error.details or msgspec.UNSET,
    )


def _or_unset(value: Any) -> Any:
    return msgspec.UNSET if value is None else value
