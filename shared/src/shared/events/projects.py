"""What project-service tells: projects and their tasks, each with the resource as its readers see it."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.events.changes import Change, Removed
from shared.events.envelope import LiveEvent
from shared.wire_enum import WireEnum


class Visibility(WireEnum):
    PRIVATE = "private"
    TENANT = "tenant"


class ProjectRole(WireEnum):
    OWNER = "owner"
    EDITOR = "editor"
    VIEWER = "viewer"


class TaskStatus(WireEnum):
    TODO = "todo"
    IN_PROGRESS = "in_progress"
    BLOCKED = "blocked"
    DONE = "done"


class TaskPriority(WireEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class ProjectState(msgspec.Struct, frozen=True, kw_only=True):
    """What every reader of a project sees alike; viewer-specific fields are added by the service's view."""

    id: UUID
    tenant_id: UUID
    name: str
    description: str | None
    owner_id: UUID
    visibility: Visibility
    archived: bool
    version: int
    created_at: datetime
    updated_at: datetime


class TaskState(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    project_id: UUID
    title: str
    description: str | None
    status: TaskStatus
    priority: TaskPriority
    assignee_id: UUID | None
    due_at: datetime | None
    position: float
    label_ids: tuple[UUID, ...]
    depends_on: tuple[UUID, ...]
    """What has to be done first."""
    attachment_count: int
    created_by: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class LabelState(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    project_id: UUID
    name: str
    color: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class ProjectAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.project.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: ProjectState


class ProjectUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.project.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: ProjectState


class ProjectDeleted(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.project.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed


class TaskAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.task.added"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: TaskState


class TaskUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.task.updated"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: TaskState


class TaskStatusChanged(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.task.status_changed"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.STATUS_CHANGED
    payload: TaskState


class TaskAssigned(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.task.assigned"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.ASSIGNED
    payload: TaskState


class TaskDeleted(Change, frozen=True, kw_only=True):
    """Its id goes from the `depends_on` of all others with it."""

    type: ClassVar[str] = "project.task.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed


class LabelAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.label.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: LabelState


class LabelDeleted(Change, frozen=True, kw_only=True):
    """Its id goes from the `label_ids` of all tasks with it."""

    type: ClassVar[str] = "project.label.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed
