"""The wire types of messages in chats. One is answered as the `ChatMessageState` that its events carry."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from conversation_service.messages.schemas import Order
from shared.events.chats import ChatMessageType

DEFAULT_PAGE_SIZE = 50
PageNumber = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=200)]
Content = Annotated[str, msgspec.Meta(min_length=1, max_length=20_000, pattern=r"\S")]


class SendChatMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: Content
    type: ChatMessageType = ChatMessageType.TEXT
    """`text` or `file`: those of the system are written by the server only."""
    reply_to: UUID | None = None
    """A message of the same chat."""


class PatchChatMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: Content | UnsetType = UNSET


class MarkRead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message_id: UUID
    """The last one that has been read."""


class ChatMessageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Longer pages than other lists have; begins at `page`, behind `cursor`, or after `offset` messages."""

    page: PageNumber = 1
    page_size: PageSize | None = None
    limit: PageSize | None = None
    """An alias of `page_size`."""
    offset: Annotated[int, msgspec.Meta(ge=0, le=200_000_000)] | None = None
    cursor: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    order: Order = Order.ASC
    include_total: bool = True

    @property
    def size(self) -> int:
        return self.page_size or self.limit or DEFAULT_PAGE_SIZE

    @property
    def skipped(self) -> int:
        """How many messages come before the page, where it has no cursor."""
        return (self.page - 1) * self.size if self.offset is None else self.offset
