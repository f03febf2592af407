"""One event in one stream of a topic, read once and rendered once per dialect for all its readers."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from realtime_service.positions import Position
from shared.events.changes import Change
from shared.events.envelope import Envelope, Event
from shared.events.registry import Registry, UnknownEvent
from shared.events.topics import topic_of

Renderer = Callable[["TopicEvent"], bytes]


class ChangeFields(msgspec.Struct, frozen=True):
    """What live readers need of any change; the payload stays as its publisher wrote it."""

    entity_id: UUID
    payload: msgspec.Raw
    version: int | msgspec.UnsetType = msgspec.UNSET
    changed_fields: list[str] | msgspec.UnsetType = msgspec.UNSET


_NULL = msgspec.Raw(b"null")
_read_change = msgspec.json.Decoder(ChangeFields).decode
_read_payload = msgspec.json.Decoder(dict[str, Any]).decode


class TopicEvent:
    __slots__ = ("_change", "_frames", "_payload", "contract", "envelope", "is_redacted", "position", "stream")

    def __init__(self, envelope: Envelope, stream: str, position: Position, contract: type[Event] | None) -> None:
        self.envelope = envelope
        self.stream = stream
        self.position = position
        self.contract = contract
        self.is_redacted = envelope.is_redacted
        self._frames: dict[Renderer, bytes] = {}
        self._change: ChangeFields | None = None
        self._payload: dict[str, Any] | None = None

    @property
    def topic(self) -> str:
        """The name under which clients know it."""
        return topic_of(self.stream)

    @property
    def size(self) -> int:
        """Bytes of the event's data."""
        return memoryview(self.envelope.data).nbytes

    @property
    def is_live(self) -> bool:
        """Others only take up an offset."""
        return self.contract is not None and self.contract.live is not None

    @property
    def redacts_earlier(self) -> bool:
        """Whether what is held of the same subject must not be shown any more."""
        if self.contract is None or not issubclass(self.contract, Change):
            return False
        fields = self.change.changed_fields if self.contract.redacting_fields else ()
        return self.contract.redacts_earlier(fields or ())

    def redact(self) -> None:
        """Something later says that the content is gone: whoever has not been shown it yet never is."""
        self.is_redacted = True
        self._frames.clear()

    @property
    def change(self) -> ChangeFields:
        if self._change is None:
            self._change = _read_change(self.envelope.data)
        return self._change

    @property
    def shown_payload(self) -> msgspec.Raw:
        """Null where the event is redacted."""
        return _NULL if self.is_redacted else self.change.payload

    @property
    def payload_fields(self) -> dict[str, Any]:
        if self._payload is None:
            self._payload = _read_payload(self.change.payload)
        return self._payload

    def frame(self, render: Renderer) -> bytes:
        """The same bytes for all readers of a dialect."""
        frame = self._frames.get(render)
        if frame is None:
            frame = self._frames[render] = render(self)
        return frame


def topic_events(envelope: Envelope, registry: Registry) -> list[TopicEvent]:
    """The event's appearances, one per stream. One whose contract this node does not know yet takes up offsets only."""
    try:
        contract: type[Event] | None = registry.contract(envelope.type)
    except UnknownEvent:
        contract = None
    return [
        TopicEvent(envelope, place.topic, Position(place.epoch, place.offset), contract) for place in envelope.topics
    ]
