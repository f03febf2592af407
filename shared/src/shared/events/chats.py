"""What conversation-service tells of chats: on `chat:{id}`, to everybody who takes part."""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.events.authors import Author
from shared.events.changes import Change, Removed
from shared.events.envelope import LiveEvent
from shared.wire_enum import WireEnum


class ChatKind(WireEnum):
    DIRECT = "direct"
    GROUP = "group"
    PROJECT = "project"


class ChatMessageType(WireEnum):
    TEXT = "text"
    SYSTEM = "system"
    FILE = "file"


class ChatState(msgspec.Struct, frozen=True, kw_only=True):
    """What all who take part see alike. `message_count` is also the number of the last message."""

    id: UUID
    tenant_id: UUID
    kind: ChatKind
    title: str | None
    project_id: UUID | None
    created_by: UUID
    message_count: int
    version: int
    created_at: datetime
    updated_at: datetime


class ChatAdded(Change, frozen=True, kw_only=True):
    """Who takes part from the start is told by a `ChatParticipantsAdded` of its own."""

    type: ClassVar[str] = "conversation.chat.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: ChatState


class ChatUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "conversation.chat.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: ChatState


class ChatDeleted(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "conversation.chat.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed


class ChatParticipants(msgspec.Struct, frozen=True, kw_only=True):
    """People who have begun, or ceased, to take part."""

    chat_id: UUID
    user_ids: tuple[UUID, ...]


class ChatParticipantsAdded(Change, frozen=True, kw_only=True):
    """`entity_id` is the chat's; from now on these people may follow `chat:{id}`."""

    type: ClassVar[str] = "conversation.chat_participants.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: ChatParticipants


class ChatParticipantsRemoved(Change, frozen=True, kw_only=True):
    """`entity_id` is the chat's; these people may follow `chat:{id}` no more."""

    type: ClassVar[str] = "conversation.chat_participants.removed"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: ChatParticipants

    @classmethod
    def redacts_earlier(cls, changed_fields: Iterable[str]) -> bool:
        """The chat itself goes on."""
        return False


class Reaction(msgspec.Struct, frozen=True):
    """Who reacted with one emoji, in the order in which they did."""

    emoji: str
    user_ids: tuple[UUID, ...]


class ChatMessageState(msgspec.Struct, frozen=True, kw_only=True):
    """Messages are numbered from 1 in their chat. `content` is empty where `is_deleted`: the place stays."""

    id: UUID
    tenant_id: UUID
    chat_id: UUID
    number: int
    author_id: UUID | None
    """None: the server itself wrote it."""
    author: Author | None = None
    """None where `author_id` is, and in events of before there was one."""
    about_user_id: UUID | None
    """Whom a message of the server is about."""
    type: ChatMessageType
    content: str
    reply_to: UUID | None
    reactions: tuple[Reaction, ...] = ()
    edited_at: datetime | None
    is_deleted: bool
    version: int
    created_at: datetime
    updated_at: datetime


class ChatMessageAdded(Change, frozen=True, kw_only=True):
    """Unread by everybody whose last read number is lower than its `number`; its author has read it."""

    type: ClassVar[str] = "conversation.chat_message.added"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    author_field: ClassVar[str] = "author_id"
    payload: ChatMessageState


class ChatMessageUpdated(Change, frozen=True, kw_only=True):
    """Edited, or other reactions: `changed_fields` says which."""

    type: ClassVar[str] = "conversation.chat_message.updated"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    redacting_fields: ClassVar[frozenset[str]] = frozenset({"content"})
    author_field: ClassVar[str] = "author_id"
    payload: ChatMessageState


class RemovedChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Its place in the numbering stays, empty."""

    id: UUID
    chat_id: UUID
    number: int
    place: ChatMessageState
    """What is shown there from now on, but for `author`, whose name would stay."""


class ChatMessageDeleted(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "conversation.chat_message.deleted"
    schema_version: ClassVar[int] = 3
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: RemovedChatMessage


class ReadMark(msgspec.Struct, frozen=True, kw_only=True):
    """How far somebody has read, and how many messages are behind that."""

    chat_id: UUID
    user_id: UUID
    last_read_number: int
    unread_count: int


class ChatRead(Change, frozen=True, kw_only=True):
    """`entity_id` is the chat's, `version` the number read up to: it only rises, per person."""

    type: ClassVar[str] = "conversation.chat.read"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: ReadMark
