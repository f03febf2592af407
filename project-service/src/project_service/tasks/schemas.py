"""The wire types of tasks. A task is answered as the `TaskState` that its events carry."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.projects import TaskPriority, TaskStatus
from shared.pagination import PageQuery

ME = "me"
_USER_OR_ME = r"^(?:[mM][eE]|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$"

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"\S")]
Description = Annotated[str, msgspec.Meta(max_length=20_000)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class CreateTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title
    description: Description | None = None
    status: TaskStatus = TaskStatus.TODO
    priority: TaskPriority = TaskPriority.NORMAL
    assignee_id: UUID | None = None
    due_at: Moment | None = None
    position: float | None = None
    """Any finite number; absent means behind all others."""


class PatchTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    status: TaskStatus | UnsetType = UNSET
    priority: TaskPriority | UnsetType = UNSET
    assignee_id: UUID | UnsetType | None = UNSET
    due_at: Moment | UnsetType | None = UNSET
    position: float | UnsetType = UNSET


class TaskQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: TaskStatus | None = None
    priority: TaskPriority | None = None
    assignee_id: Annotated[str, msgspec.Meta(pattern=_USER_OR_ME)] | None = None
    """A user's id, or `me`."""
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """Text that the title contains, in any case."""
    due_before: Moment | None = None
    sort: str = "position"
    """`position`, `created_at`, `updated_at`, `due_at`, `priority` or `title`; with `-` in front, descending."""
