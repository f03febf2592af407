"""The wire types of comments."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.projects import Commented, CommentState
from shared.pagination import PageQuery, SortText

Body = Annotated[str, msgspec.Meta(min_length=1, max_length=10_000, pattern=r"\S")]


class CreateComment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    entity_type: Commented
    entity_id: UUID
    body: Body
    parent_id: UUID | None = None
    """The comment that this one replies to, about the same thing."""


class PatchComment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    body: Body | UnsetType = UNSET


class CommentQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    entity_type: Commented | None = None
    entity_id: UUID | None = None
    starred: bool | None = None
    """Whether you have starred it."""
    sort: SortText = "created_at"
    """`created_at`; with `-` in front, newest first."""


class CommentsAboutQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said about one thing outside of projects."""

    entity_type: Commented
    entity_id: UUID
    starred: bool | None = None
    sort: SortText = "created_at"


class CommentView(CommentState, frozen=True, kw_only=True):
    """A comment as one caller sees it."""

    is_starred: bool
