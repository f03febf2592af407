"""The wire form of an event: CloudEvents 1.0 JSON with our extensions (tenantid, actorid, topics, schemaversion)."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

import msgspec


class LiveEvent(StrEnum):
    """How a live client sees a change."""

    ADDED = "ADDED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    STATUS_CHANGED = "STATUS_CHANGED"
    ASSIGNED = "ASSIGNED"
    COMMENT_ADDED = "COMMENT_ADDED"


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all contracts. A concrete event names its full `type` (`project.task.updated`) and schema version."""

    type: ClassVar[str] = ""
    schema_version: ClassVar[int] = 1
    live: ClassVar[LiveEvent | None] = None
    """None: services only; live clients never see it."""


class TopicOffset(msgspec.Struct, frozen=True):
    """The event's place in one topic: offsets rise by one, `epoch` changes when the log was replaced."""

    topic: str
    epoch: str
    offset: int


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """`redacted` is true, and otherwise absent, when the content of the event must not be read any more.

    Its `data` is blank then: the shape of the contract with ids and numbers, without texts.
    """

    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    data: msgspec.Raw
    tenantid: UUID | None = None
    actorid: UUID | None = None
    topics: tuple[TopicOffset, ...] = ()
    traceparent: str | None = None
    schemaversion: int = 1
    specversion: str = "1.0"
    datacontenttype: str = "application/json"
    redacted: bool | msgspec.UnsetType = msgspec.UNSET

    @property
    def is_redacted(self) -> bool:
        return self.redacted is True


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Envelope)


def encode(envelope: Envelope) -> bytes:
    return _ENCODER.encode(envelope)


def decode(body: bytes) -> Envelope:
    """Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _DECODER.decode(body)
