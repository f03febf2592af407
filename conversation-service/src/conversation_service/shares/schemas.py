"""The wire types of shared branches."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

import msgspec

from conversation_service.numbered_pages import DEFAULT_PAGE_SIZE, PageSize
from shared.events.conversations import MessageRole
from shared.pagination import PageQuery

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


class SharedQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Pages as long as those of a conversation's messages."""

    default_size: ClassVar[int] = DEFAULT_PAGE_SIZE

    page_size: PageSize | None = None
    limit: PageSize | None = None


class SharedMessage(msgspec.Struct, frozen=True, kw_only=True):
    role: MessageRole
    content: str
    model: str | None
    created_at: datetime


class SharedConversation(msgspec.Struct, frozen=True, kw_only=True):
    """What the link shows: nothing that leads to the people or the tenant behind it."""

    title: str
    messages: list[SharedMessage]
    """One page of them, oldest first."""
    message_count: int
    next_cursor: str | None
    created_at: datetime
    expires_at: datetime | None
