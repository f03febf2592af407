"""The wire types of tasks. A task is answered as the `TaskState` that its events carry."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from shared.events.projects import TaskPriority, TaskState, TaskStatus
from shared.json_value import json_value
from shared.pagination import PageQuery, SortText
from shared.wire_enum import WireEnum

ME = "me"
_USER_OR_ME = r"^(?:[mM][eE]|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\Z"

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=300, pattern=r"\S")]
Description = Annotated[str, msgspec.Meta(max_length=20_000)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Position = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
"""Far enough from the end of what a float tells apart."""

LabelIds = Annotated[tuple[UUID, ...], msgspec.Meta(max_length=50)]


class CreateTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title
    description: Description | None = None
    status: TaskStatus = TaskStatus.TODO
    priority: TaskPriority = TaskPriority.NORMAL
    assignee_id: UUID | None = None
    due_at: Moment | None = None
    label_ids: LabelIds = ()
    position: Position | None = None
    """Absent means behind all others; where another task is already, the next free place behind that one is taken."""


class PatchTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    status: TaskStatus | UnsetType = UNSET
    priority: TaskPriority | UnsetType = UNSET
    assignee_id: UUID | UnsetType | None = UNSET
    due_at: Moment | UnsetType | None = UNSET
    label_ids: LabelIds | UnsetType = UNSET
    position: Position | UnsetType = UNSET


class TaskQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: TaskStatus | None = None
    priority: TaskPriority | None = None
    assignee_id: Annotated[str, msgspec.Meta(max_length=36, pattern=_USER_OR_ME)] | None = None
    """A user's id, or `me`."""
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=50)] | None = None
    """A label's id, or its name in any case."""
    q: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    """Text that the title contains, in any case."""
    due_before: Moment | None = None
    sort: SortText = "position"
    """`position`, `created_at`, `updated_at`, `due_at`, `priority` or `title`; with `-` in front, descending."""


class BulkAction(WireEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


MAX_DATA_BYTES = 128 * 1024
"""Of one operation: a description of 20,000 characters takes 120,000 where each of them is escaped."""
TaskData = Annotated[
    dict[Annotated[str, msgspec.Meta(max_length=100)], Annotated[Any, json_value(MAX_DATA_BYTES)]],
    msgspec.Meta(max_length=50),
]


class BulkOperation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`id` names the task to update or delete, `data` holds the fields of a POST or a PATCH of one task."""

    op: BulkAction
    id: UUID | None = None
    data: TaskData | None = None
    if_version: int | None = None
    """Do it only if the task still has this version."""


class BulkTasks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    operations: Annotated[list[BulkOperation], msgspec.Meta(min_length=1, max_length=100)]
    """No task twice."""


class BulkResult(msgspec.Struct, frozen=True, kw_only=True):
    op: BulkAction
    id: UUID
    data: TaskState | UnsetType = UNSET
    """Absent for what was deleted."""


class BulkResults(msgspec.Struct, frozen=True):
    results: list[BulkResult]
    """In the order of the operations."""
