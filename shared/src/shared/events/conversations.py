"""What conversation-service tells: AI conversations and their messages."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from shared.events.changes import Change, Removed
from shared.events.envelope import LiveEvent
from shared.wire_enum import WireEnum


class ConversationStatus(WireEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"


class MessageRole(WireEnum):
    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class TokenCountSource(WireEnum):
    """Where a token count comes from, most exact first."""

    PROVIDER = "provider"
    TOKENIZER = "tokenizer"
    ESTIMATE = "estimate"


class ConversationState(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    user_id: UUID
    workspace_session_id: UUID | None
    project_id: UUID | None
    title: str
    description: str | None
    ai_provider: str | None
    model: str | None
    status: ConversationStatus
    message_count: int
    token_count: int
    tags: list[str]
    related_conversations: list[UUID]
    summary: str | None
    expires_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class ConversationCounts(msgspec.Struct, frozen=True, kw_only=True):
    message_count: int
    token_count: int


class MessageState(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    conversation_id: UUID
    user_id: UUID
    role: MessageRole
    content: str
    model: str | None
    parent_id: UUID | None
    token_count: int
    token_count_source: TokenCountSource
    status: str
    usage: dict[str, Any] | None
    feedback: dict[str, Any] | None
    version: int
    created_at: datetime
    updated_at: datetime


class ConversationAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "conversation.conversation.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: ConversationState


class ConversationUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "conversation.conversation.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: ConversationState


class ConversationDeleted(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "conversation.conversation.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed


class MessageNews(MessageState, frozen=True, kw_only=True):
    conversation: ConversationCounts
    """With this one, the latest change of the conversation."""


class MessageAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "conversation.message.added"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    author_field: ClassVar[str] = "user_id"
    payload: MessageNews


class MessageUpdated(Change, frozen=True, kw_only=True):
    """Its feedback changed: what a message says never does."""

    type: ClassVar[str] = "conversation.message.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    author_field: ClassVar[str] = "user_id"
    payload: MessageState
