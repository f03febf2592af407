"""The wire types of conversations. One is answered as the `ConversationState` that its events carry."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.conversations import ConversationStatus
from shared.pagination import PageQuery

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
Description = Annotated[str, msgspec.Meta(max_length=10_000)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"\S")]
Tags = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=r"\S")]], msgspec.Meta(max_length=50)
]


class CreateConversation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title
    description: Description | None = None
    workspace_session_id: UUID | None = None
    project_id: UUID | None = None
    ai_provider: Name | None = None
    model: Name | None = None
    tags: Tags = []


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
    sort: str = "-updated_at"
    """`created_at` or `updated_at`; with `-` in front, descending."""
