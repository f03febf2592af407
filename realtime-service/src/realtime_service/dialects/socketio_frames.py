"""The Socket.IO dialect on the wire: what clients emit, and what they hear of their chats."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from realtime_service.dialects.socketio_packets import Call, event_packet
from realtime_service.dialects.topics_frames import Since
from realtime_service.errors import InvalidMessage, UnknownType
from realtime_service.events import TopicEvent
from realtime_service.frames import require_readable
from realtime_service.positions import Position
from realtime_service.subscription import Joined as Place
from shared.events.chats import (
    ChatMessageAdded,
    ChatMessageDeleted,
    ChatMessageState,
    ChatMessageType,
    ChatMessageUpdated,
    ChatRead,
    Reaction,
    ReadMark,
    RemovedChatMessage,
)

MAX_SINCE = 1_000  # chats


class Arguments(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class JoinRoom(Arguments, frozen=True, kw_only=True):
    chat_id: UUID
    since: Since | None = None


class LeaveRoom(Arguments, frozen=True, kw_only=True):
    chat_id: UUID


class Typing(Arguments, frozen=True, kw_only=True):
    chat_id: UUID


class RefreshToken(Arguments, frozen=True, kw_only=True):
    token: Annotated[str, Meta(max_length=16 * 1024)]


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """`auth` of the client: who it is, and how far it has heard its chats."""

    token: Annotated[str, Meta(max_length=16 * 1024)] | None = None
    since: Annotated[dict[UUID, Since], Meta(max_length=MAX_SINCE)] = {}


CLIENT_EVENTS: dict[str, type[Arguments]] = {
    "clientJoinRoom": JoinRoom,
    "clientLeaveRoom": LeaveRoom,
    "typing": Typing,
    "auth": RefreshToken,
}
_READERS = {name: msgspec.json.Decoder(shape).decode for name, shape in CLIENT_EVENTS.items()}
_read_hello = msgspec.json.Decoder(Hello).decode


def read_arguments(call: Call) -> Arguments:
    """Raises UnknownType or InvalidMessage."""
    read = _READERS.get(call.name)
    if read is None:
        raise UnknownType
    try:
        return read(call.argument)
    except (ValueError, RecursionError) as error:
        raise InvalidMessage from error


def read_hello(data: bytes) -> Hello:
    """Raises InvalidMessage."""
    require_readable(data)
    try:
        return _read_hello(data or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidMessage from error


class ServerMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A chat message as Socket.IO clients hear it.

    `redacted` is true, and `content` null, where it was deleted or edited since: skip it.
    """

    chat_id: UUID
    message_id: UUID
    author: UUID | None
    author_name: str | None
    """Null for the server's own words; `Former member` for who has left."""
    content: str | None
    redacted: bool | UnsetType = UNSET
    timestamp: int
    """Milliseconds since 1970."""
    type: ChatMessageType
    created_at: datetime
    epoch: str
    offset: int


class MessageUpdated(ServerMessage, frozen=True, kw_only=True):
    """The message as it is now; `changed_fields` names what is new."""

    edited_at: datetime | None
    reactions: tuple[Reaction, ...]
    changed_fields: list[str]


class MessageDeleted(msgspec.Struct, frozen=True, kw_only=True):
    chat_id: UUID
    message_id: UUID
    epoch: str
    offset: int


class ReadMarkMoved(msgspec.Struct, frozen=True, kw_only=True):
    """`readMark`: somebody has read up to the message of this number."""

    chat_id: UUID
    user_id: UUID
    last_read_number: int
    epoch: str
    offset: int


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """`roomJoined`: where a client stands in a chat. Without `recovered` it has to read the chat anew.

    With a `reason` it comes when events were lost for good, too.
    """

    chat_id: UUID
    epoch: str
    offset: int
    recovered: bool
    reason: str | UnsetType = UNSET


class RoomLeft(msgspec.Struct, frozen=True, kw_only=True):
    """The right to the chat has ended."""

    chat_id: UUID


class TypingInChat(msgspec.Struct, frozen=True, kw_only=True):
    chat_id: UUID
    user_id: UUID


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    ok: bool = True
    epoch: str
    offset: int
    recovered: bool
    reason: str | UnsetType = UNSET


def joined_at(place: Place) -> Joined:
    epoch, offset = place.position
    reason = UNSET if place.reason is None else place.reason
    return Joined(epoch=epoch, offset=offset, recovered=place.is_recovered, reason=reason)


def room_joined(chat_id: UUID, position: Position, *, is_recovered: bool, reason: str | None) -> Room:
    epoch, offset = position
    kept = UNSET if reason is None else reason
    return Room(chat_id=chat_id, epoch=epoch, offset=offset, recovered=is_recovered, reason=kept)


class Done(msgspec.Struct, frozen=True, kw_only=True):
    ok: bool = True


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    temporary: bool = False
    retry_after_ms: int | UnsetType = UNSET


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    ok: bool = False
    error: Problem


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """`degraded`, `healthy`, `going_away`, `token_expiring`."""

    retry_after_ms: int | UnsetType = UNSET


SERVER_EVENTS: dict[str, type[msgspec.Struct]] = {
    "serverMessage": ServerMessage,
    "messageUpdated": MessageUpdated,
    "messageDeleted": MessageDeleted,
    "readMark": ReadMarkMoved,
    "typing": TypingInChat,
    "roomJoined": Room,
    "roomLeft": RoomLeft,
    "error": Problem,
    "degraded": Notice,
    "healthy": Notice,
    "going_away": Notice,
    "token_expiring": Notice,
}
ACKS = (Joined, Done, Refused)


def _message(state: ChatMessageState, event: TopicEvent) -> dict[str, Any]:
    return {
        "chat_id": state.chat_id,
        "message_id": state.id,
        "author": state.author_id,
        "author_name": None if state.author is None else state.author.display_name,
        "content": None if event.is_redacted else state.content,
        "redacted": event.is_redacted or UNSET,
        "timestamp": round(state.created_at.timestamp() * 1000),
        "type": state.type,
        "created_at": state.created_at,
        **event.position._asdict(),
    }


def _added(event: TopicEvent) -> bytes:
    state = msgspec.json.decode(event.change.payload, type=ChatMessageState)
    return event_packet("serverMessage", ServerMessage(**_message(state, event)))


def _updated(event: TopicEvent) -> bytes:
    state = msgspec.json.decode(event.change.payload, type=ChatMessageState)
    changed = event.change.changed_fields
    told = MessageUpdated(
        **_message(state, event),
        edited_at=state.edited_at,
        reactions=() if event.is_redacted else state.reactions,
        changed_fields=[] if changed is UNSET or event.is_redacted else changed,
    )
    return event_packet("messageUpdated", told)


def _deleted(event: TopicEvent) -> bytes:
    gone = msgspec.json.decode(event.change.payload, type=RemovedChatMessage)
    told = MessageDeleted(chat_id=gone.chat_id, message_id=gone.id, **event.position._asdict())
    return event_packet("messageDeleted", told)


def _read(event: TopicEvent) -> bytes:
    mark = msgspec.json.decode(event.change.payload, type=ReadMark)
    told = ReadMarkMoved(
        chat_id=mark.chat_id,
        user_id=mark.user_id,
        last_read_number=mark.last_read_number,
        **event.position._asdict(),
    )
    return event_packet("readMark", told)


_RENDERERS: dict[str, Callable[[TopicEvent], bytes]] = {
    ChatMessageAdded.type: _added,
    ChatMessageUpdated.type: _updated,
    ChatMessageDeleted.type: _deleted,
    ChatRead.type: _read,
}


def chat_frame(event: TopicEvent) -> bytes:
    """Empty for what this dialect has no words for."""
    render = _RENDERERS.get(event.envelope.type)
    return b"" if render is None else render(event)
