"""The wire types of conversations. One is answered as the `ConversationState` that its events carry."""

from enum import auto
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.conversations import ConversationStatus
from shared.pagination import PageQuery, SortText
from shared.wire_enum import WireEnum

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
Description = Annotated[str, msgspec.Meta(max_length=10_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"\S")]
Tags = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=r"\S")]], msgspec.Meta(max_length=50)
]


class ForkScope(WireEnum):
    """The way to the message, or all branches of the conversation."""

    PATH = auto()
    ALL = auto()


class ExportFormat(WireEnum):
    JSON = auto()
    MARKDOWN = auto()


class CreateConversation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title
    description: Description | None = None
    workspace_session_id: UUID | None = None
    project_id: UUID | None = None
    ai_provider: Name | None = None
    model: Name | None = None
    tags: Tags = []
    temporary: bool = False
    """It disappears by itself; `expires_at` of the answer says when."""


class Fork(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    message_id: UUID
    scope: ForkScope = ForkScope.PATH


class ExportQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: ExportFormat = ExportFormat.JSON
    branch: UUID | None = None
    """The last message of the branch that Markdown shows; absent, the newest message. JSON has all of them."""


class PatchConversation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    workspace_session_id: UUID | UnsetType | None = UNSET
    project_id: UUID | UnsetType | None = UNSET
    ai_provider: Name | UnsetType | None = UNSET
    model: Name | UnsetType | None = UNSET
    status: ConversationStatus | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET


class ConversationQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: ConversationStatus | None = None
    project_id: UUID | None = None
    workspace_session_id: UUID | None = None
    tag: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] | None = None
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """Text that the title contains, in any case."""
    sort: SortText = "-updated_at"
    """`created_at` or `updated_at`; with `-` in front, descending."""
