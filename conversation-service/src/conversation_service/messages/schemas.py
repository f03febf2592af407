"""The wire types of messages. One is answered as the `MessageState` that its events carry."""

from enum import auto
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from conversation_service.numbered_pages import NumberedQuery
from shared.events.conversations import MessageRole
from shared.wire_enum import WireEnum

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


class MessageQuery(NumberedQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    branch: UUID | None = None
    """Only the way to this message from the beginning."""
