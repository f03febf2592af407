"""The wire types of shared branches."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from shared.events.conversations import MessageRole

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class CreateShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message_id: UUID | None = None
    """The last message of the branch; absent, the newest one of the conversation."""
    expires_at: Moment | None = None
    """Absent, the link works until it is revoked."""


class CreatedShare(msgspec.Struct, frozen=True, kw_only=True):
    """The only time that the token is told."""

    id: UUID
    token: str
    url: str
    expires_at: datetime | None


class ShareView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    conversation_id: UUID
    message_id: UUID
    expires_at: datetime | None
    created_at: datetime


class SharedMessage(msgspec.Struct, frozen=True, kw_only=True):
    role: MessageRole
    content: str
    model: str | None
    created_at: datetime


class SharedConversation(msgspec.Struct, frozen=True, kw_only=True):
    """What the link shows: nothing that leads to the people or the tenant behind it."""

    title: str
    messages: list[SharedMessage]
    created_at: datetime
    expires_at: datetime | None
