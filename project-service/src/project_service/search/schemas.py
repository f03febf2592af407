"""The wire types of search."""

from typing import Annotated
from uuid import UUID

import msgspec

from shared.events.projects import Commented, TaskStatus
from shared.pagination import PageQuery
from shared.wire_enum import WireEnum

SearchText = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Kind(WireEnum):
    PROJECT = "project"
    TASK = "task"
    COMMENT = "comment"


class SearchQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Best matches first."""

    q: SearchText
    """All of its words are looked for; the last one may be the beginning of a word."""
    project_id: UUID | None = None


class AnyKindQuery(SearchQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Kind | None = None


class TaskSearchQuery(SearchQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: TaskStatus | None = None


class CommentSearchQuery(SearchQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    entity_type: Commented | None = None


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that matches. A comment has the title of what it is about."""

    type: Kind
    id: UUID
    project_id: UUID
    title: str
    snippet: str
    """HTML: what matched stands between `<mark>` and `</mark>`, and there is no other markup."""
    rank: float
