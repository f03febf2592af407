"""The wire types of workspace sessions. Lists leave out the state, which may be large."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.projects import SessionState
from shared.json_value import json_value
from shared.pagination import PageQuery, SortText

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")]
WorkspacePath = Annotated[str, msgspec.Meta(min_length=1, max_length=1024, pattern=r"\S")]
Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=50, pattern=r"^[^,]*[^,\s][^,]*$")]
Tags = Annotated[list[Tag], msgspec.Meta(max_length=50)]


MAX_STATE_BYTES = 256 * 1024
"""Of all parts together, as JSON: it is read and written as one."""
StatePart = Annotated[Any, json_value(MAX_STATE_BYTES)]


class CreateSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts of the state are any JSON."""

    name: Name
    workspace_path: WorkspacePath
    project_id: UUID | None = None
    conversation_id: UUID | None = None
    tags: Tags = []
    editor_state: StatePart = {}
    terminal_state: StatePart = {}
    breakpoints: StatePart = []
    context_files: StatePart = []
    memory: StatePart = {}


class PatchSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the state is replaced as a whole; null empties it."""

    name: Name | UnsetType = UNSET
    workspace_path: WorkspacePath | UnsetType = UNSET
    project_id: UUID | UnsetType | None = UNSET
    conversation_id: UUID | UnsetType | None = UNSET
    tags: Tags | UnsetType | None = UNSET
    editor_state: StatePart = UNSET
    terminal_state: StatePart = UNSET
    breakpoints: StatePart = UNSET
    context_files: StatePart = UNSET
    memory: StatePart = UNSET


class ForkSession(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name | None = None
    """Absent: as the original is called."""
    workspace_path: WorkspacePath | None = None


class SessionQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    project_id: UUID | None = None
    conversation_id: UUID | None = None
    sort: SortText = "-last_accessed_at"
    """`last_accessed_at`, `created_at` or `updated_at`; with `-` in front, descending."""


class RelatedQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tags: Annotated[str, msgspec.Meta(max_length=2600)]
    """Up to 50, with commas between them."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class SessionSummary(SessionState, frozen=True, kw_only=True):
    name: str
    workspace_path: str
    project_id: UUID | None
    conversation_id: UUID | None
    parent_session_id: UUID | None
    tags: tuple[str, ...]
    last_accessed_at: datetime


class RelatedSession(SessionSummary, frozen=True, kw_only=True):
    relevance_score: float
    """Tags in common, as a part of all tags that either has: above 0, at most 1."""


class SessionView(SessionSummary, frozen=True, kw_only=True):
    editor_state: Any
    terminal_state: Any
    breakpoints: Any
    context_files: Any
    memory: Any


class PatchedSession(SessionView, frozen=True, kw_only=True):
    fields_updated: tuple[str, ...]
