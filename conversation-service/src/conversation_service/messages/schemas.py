"""The wire types of messages. One is answered as the `MessageState` that its events carry."""

from enum import auto
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.conversations import MessageRole
from shared.wire_enum import WireEnum

DEFAULT_PAGE_SIZE = 50
PageNumber = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=200)]


class Order(WireEnum):
    """Oldest first, or newest first."""

    ASC = auto()
    DESC = auto()


Content = Annotated[str, msgspec.Meta(min_length=1, max_length=200_000)]
ModelName = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"\S")]


class AddMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    role: MessageRole
    content: Content
    model: ModelName | None = None
    parent_id: UUID | UnsetType | None = UNSET
    """A message of the same conversation; absent, the newest one, and null begins a branch of its own."""


class PatchMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    content: Content | UnsetType = UNSET


class Rating(WireEnum):
    UP = auto()
    DOWN = auto()


class Feedback(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    rating: Rating
    comment: Annotated[str, msgspec.Meta(max_length=5_000)] | None = None


class MessageQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Longer pages than other lists have; begins at `page`, behind `cursor`, or after `offset` messages."""

    page: PageNumber = 1
    page_size: PageSize | None = None
    limit: PageSize | None = None
    """An alias of `page_size`."""
    offset: Annotated[int, msgspec.Meta(ge=0, le=200_000_000)] | None = None
    cursor: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    order: Order = Order.ASC
    branch: UUID | None = None
    """Only the way to this message from the beginning."""
    include_total: bool = True

    @property
    def size(self) -> int:
        return self.page_size or self.limit or DEFAULT_PAGE_SIZE

    @property
    def skipped(self) -> int:
        """How many messages come before the page, where it has no cursor."""
        return (self.page - 1) * self.size if self.offset is None else self.offset
