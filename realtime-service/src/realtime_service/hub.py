"""The streams that somebody on this node follows, fed by the node's one event queue."""

from collections.abc import Callable
from uuid import UUID

from realtime_service.epoch_checks import EpochChecks
from realtime_service.events import TopicEvent
from realtime_service.topics import Subscriber, TopicStream

StreamKey = tuple[UUID, str]


class Hub:
    """A topic belongs to one tenant: the same name in two tenants is two streams."""

    def __init__(
        self,
        begin_repair: Callable[[TopicStream], None],
        cancel_repair: Callable[[TopicStream], None],
        note_written: Callable[[int, float], None],
    ) -> None:
        """As TopicStream takes them."""
        self._begin_repair = begin_repair
        self._cancel_repair = cancel_repair
        self._note_written = note_written
        self._streams: dict[StreamKey, TopicStream] = {}
        self.epochs = EpochChecks()

    @property
    def topics_count(self) -> int:
        return len(self._streams)

    def join(self, subscriber: Subscriber, name: str) -> TopicStream:
        """A stream of the subscriber's tenant. It keeps what it hears from now on; open it if it has no position."""
        key = (subscriber.principal.tenant_id, name)
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = TopicStream(*key, self._on_repair, self._note_written)
            self.epochs.add(stream)
        stream.add(subscriber)
        return stream

    def leave(self, subscriber: Subscriber, stream: TopicStream) -> None:
        """With its last subscriber a stream forgets everything."""
        stream.remove(subscriber)
        if not stream.subscribers and self._streams.pop((stream.tenant_id, stream.name), None) is not None:
            self._cancel_repair(stream)
            self.epochs.remove(stream)

    def follows(self, tenant_id: UUID, stream: str) -> bool:
        return (tenant_id, stream) in self._streams

    def followers(self, tenant_id: UUID, topic: str) -> tuple[Subscriber, ...]:
        stream = self._streams.get((tenant_id, topic))
        return () if stream is None else tuple(stream.subscribers)

    def accept(self, event: TopicEvent) -> None:
        tenant_id = event.envelope.tenantid
        stream = self._streams.get((tenant_id, event.stream)) if tenant_id is not None else None
        if stream is not None:
            stream.accept(event)

    def typing(self, tenant_id: UUID, topic: str, user_id: UUID) -> None:
        """Worth telling those who follow now, and nobody later."""
        stream = self._streams.get((tenant_id, topic))
        if stream is not None:
            for subscriber in tuple(stream.subscribers):
                subscriber.typing(user_id)

    def suspect_all(self) -> None:
        """Something may have been missed: every stream is compared with its keeper."""
        for stream in tuple(self._streams.values()):
            stream.suspect()

    def _on_repair(self, stream: TopicStream) -> None:
        self.epochs.on_unsettled(stream)
        self._begin_repair(stream)
