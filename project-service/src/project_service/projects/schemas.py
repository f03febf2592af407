"""The wire types of projects."""

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.projects import ProjectRole, ProjectState, Visibility
from shared.pagination import PageQuery, SortText

LONGEST_NAME = 200  # characters
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern=r"\S")]
Description = Annotated[str, msgspec.Meta(max_length=10_000)]
SearchText = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class CreateProject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    description: Description | None = None
    visibility: Visibility = Visibility.PRIVATE


class PatchProject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    visibility: Visibility | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class ProjectQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    q: SearchText | None = None
    """Text that the name contains, in any case."""
    archived: bool | None = None
    favorite: bool | None = None
    """Whether it is one of your own favourites."""
    tag: SearchText | None = None
    """The name of a tag, in any case."""
    sort: SortText = "-updated_at"
    """`name`, `created_at` or `updated_at`; with `-` in front, descending."""


class ProjectCounts(msgspec.Struct, frozen=True):
    tasks: int
    open_tasks: int
    members: int


class ProjectTag(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    color: str | None


class ProjectView(ProjectState, frozen=True, kw_only=True):
    """A project as one caller sees it."""

    my_role: ProjectRole
    is_favorite: bool
    tags: tuple[ProjectTag, ...]
    counts: ProjectCounts
