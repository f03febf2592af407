"""The topics dialect on the wire: JSON frames told apart by `action`."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from realtime_service.errors import InvalidMessage, UnknownType
from realtime_service.events import TopicEvent
from realtime_service.frames import encode_json, json_frame, require_readable, text_frame
from realtime_service.passing import PassingFrame
from realtime_service.presence.changes import PresenceChange
from realtime_service.presence.signals import Member
from shared.json_value import json_value

MAX_ECHO = 64  # characters
MAX_STATE_BYTES = 1024
"""Of what a user shows of themselves in a topic, as JSON."""
Echo = Annotated[str, Meta(max_length=MAX_ECHO)] | int
"""What the client wants back in the answer."""

Scalar = Annotated[str, Meta(max_length=200)] | int | float | bool | None


class ClientFrame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    action: Annotated[str, Meta(max_length=64)]
    id: Echo | UnsetType = UNSET


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    epoch: Annotated[str, Meta(max_length=64)]
    offset: Annotated[int, Meta(ge=0, le=2**53)]


class Subscribe(ClientFrame, frozen=True, kw_only=True):
    topic: Annotated[str, Meta(max_length=200)]
    since: Since | None = None
    presence: bool = False
    filter: Annotated[dict[Annotated[str, Meta(max_length=64)], Scalar], Meta(max_length=8)] | None = None


class Unsubscribe(ClientFrame, frozen=True, kw_only=True):
    topic: Annotated[str, Meta(max_length=200)]


class Ping(ClientFrame, frozen=True, kw_only=True):
    pass


class Authenticate(ClientFrame, frozen=True, kw_only=True):
    token: Annotated[str, Meta(max_length=16 * 1024)]


class SetPresence(ClientFrame, frozen=True, kw_only=True):
    topic: Annotated[str, Meta(max_length=200)]
    state: Annotated[msgspec.Raw, json_value(MAX_STATE_BYTES)]


class _Head(msgspec.Struct, frozen=True):
    action: str
    id: msgspec.Raw | UnsetType = UNSET


_read_head = msgspec.json.Decoder(_Head).decode
_read_echo: Callable[[bytes], Echo] = msgspec.json.Decoder(Echo).decode
_MAX_ECHO_BYTES = 6 * MAX_ECHO + 2  # where each character is escaped
CLIENT_FRAMES: dict[str, type[ClientFrame]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "ping": Ping,
    "presence": SetPresence,
    "auth": Authenticate,
}
_READERS = {action: msgspec.json.Decoder(frame).decode for action, frame in CLIENT_FRAMES.items()}


class Unreadable(Exception):
    """Carries the error to answer with and the echo, as far as it could be read."""

    def __init__(self, error: InvalidMessage | UnknownType, echo: Echo | UnsetType = UNSET) -> None:
        self.error = error
        self.echo = echo
        super().__init__(error.code)


def read_frame(text: bytes) -> ClientFrame:
    """Raises Unreadable."""
    try:
        require_readable(text)
        head = _read_head(text)
    except InvalidMessage as error:
        raise Unreadable(error) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(InvalidMessage()) from error
    echo = _echo(head.id)
    read = _READERS.get(head.action)
    if read is None:
        raise Unreadable(UnknownType(), echo)
    try:
        return read(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Unreadable(InvalidMessage(), echo) from error


def _echo(given: msgspec.Raw | UnsetType) -> Echo | UnsetType:
    """Of a frame that may be wrong everywhere else; UNSET for what cannot be one."""
    if given is UNSET or len(text := bytes(given)) > _MAX_ECHO_BYTES:
        return UNSET
    try:
        echo = _read_echo(text)
    except msgspec.DecodeError:
        return UNSET
    return echo if len(str(echo)) <= MAX_ECHO else UNSET


class Subscribed(msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="subscribed"):
    topic: str
    epoch: str
    offset: int
    recovered: bool
    reason: str | UnsetType = UNSET
    presence: list[Member] | UnsetType = UNSET
    id: Echo | UnsetType = UNSET


class Unsubscribed(msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="unsubscribed"):
    topic: str
    id: Echo | UnsetType = UNSET


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """`pong` and what is told about the connection as a whole."""

    action: str
    retry_after_ms: int | UnsetType = UNSET
    id: Echo | UnsetType = UNSET


class ErrorFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="action", tag="error"):
    code: str
    message: str
    topic: str | UnsetType = UNSET
    temporary: bool = False
    retry_after_ms: int | UnsetType = UNSET
    id: Echo | UnsetType = UNSET
    details: dict[str, Any] | UnsetType = UNSET
    """Of an exceeded quota, as REST answers it."""


class EventData(msgspec.Struct, frozen=True, kw_only=True):
    """`redacted` is true, and `payload` null, where the thing was deleted or its text written anew since: skip it."""

    entity_id: UUID
    payload: msgspec.Raw
    redacted: bool | UnsetType = UNSET
    user_id: UUID | None
    timestamp: Any
    changed_fields: list[str] | UnsetType = UNSET
    version: int | UnsetType = UNSET


class EventFrame(msgspec.Struct, frozen=True, kw_only=True):
    topic: str
    event: str
    type: str
    id: UUID
    offset: int
    data: EventData


class PresenceData(msgspec.Struct, frozen=True, kw_only=True):
    joined: list[Member]
    left: list[UUID]
    updated: list[Member]


class PresenceFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="PRESENCE"):
    topic: str
    data: PresenceData


def presence_frame(change: PresenceChange) -> bytes:
    data = PresenceData(joined=change.joined, left=change.left, updated=change.updated)
    return json_frame(PresenceFrame(topic=change.topic, data=data))


class IsTyping(msgspec.Struct, frozen=True):
    user_id: UUID


class TypingFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="TYPING"):
    """Somebody is about to say something in a chat; true for five seconds. It has no offset: it is never repeated."""

    topic: str
    data: IsTyping


class PassingEventFrame(msgspec.Struct, frozen=True, kw_only=True):
    """`run.start`, `run.delta`, `run.usage`, `run.done` or `run.error`: without an offset, and it may be missing."""

    topic: str
    type: str
    data: dict[str, Any]
    event: str = "RUN"


SERVER_FRAMES = (
    Subscribed,
    Unsubscribed,
    Said,
    ErrorFrame,
    EventFrame,
    PresenceFrame,
    TypingFrame,
    PassingEventFrame,
)


def passing_frame(passing: PassingFrame) -> bytes:
    shown = passing.run_frame
    data = {"id": shown.id, **shown.data}
    return json_frame(PassingEventFrame(topic=passing.topic, type=f"run.{shown.event}", data=data))


def read_event(event: TopicEvent) -> EventFrame:
    """A live event as its readers see it; its type loses the publisher's prefix."""
    envelope, change = event.envelope, event.change
    assert event.contract is not None
    assert event.contract.live is not None
    return EventFrame(
        topic=event.topic,
        event=event.contract.live.value,
        type=envelope.type.partition(".")[2],
        id=envelope.id,
        offset=event.position.offset,
        data=EventData(
            entity_id=change.entity_id,
            payload=event.shown_payload,
            redacted=event.is_redacted or UNSET,
            user_id=envelope.actorid,
            timestamp=envelope.time,
            changed_fields=UNSET if event.is_redacted else change.changed_fields,
            version=change.version,
        ),
    )


def event_json(event: TopicEvent) -> bytes:
    return encode_json(read_event(event))


def event_frame(event: TopicEvent) -> bytes:
    return text_frame(event.frame(event_json))
