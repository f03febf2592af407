"""The wire types of chats."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.chats import ChatKind, ChatState
from shared.pagination import PageQuery, SortText
from shared.wire_enum import WireEnum

MAX_PARTICIPANTS = 200  # of a group

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]


class ChatRole(WireEnum):
    """Owners change and delete a chat, and decide who takes part."""

    OWNER = "owner"
    MEMBER = "member"


class CreateChat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whoever creates it takes part without being named."""

    kind: ChatKind
    title: Title | None = None
    participant_ids: Annotated[list[UUID], msgspec.Meta(max_length=MAX_PARTICIPANTS)] = []
    project_id: UUID | None = None


class PatchChat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title | UnsetType | None = UNSET


class ChatView(ChatState, frozen=True, kw_only=True):
    """A chat as one of its participants sees it. `unread_count`: messages behind the last one they have read."""

    participant_ids: list[UUID]
    my_role: ChatRole
    last_read_number: int
    unread_count: int


class ChatQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: ChatKind | None = None
    project_id: UUID | None = None
    unread: bool | None = None
    sort: SortText = "-updated_at"
    """`created_at` or `updated_at`, which is that of the last message; with `-` in front, descending."""


class AddParticipant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    user_id: UUID


class ParticipantView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    chat_id: UUID
    user_id: UUID
    display_name: str | None
    role: ChatRole
    last_read_number: int
    joined_at: datetime


class ParticipantQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In the order in which they joined."""
