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
    created_by: UUID
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
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: TaskState


class TaskUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.task.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: TaskState


class TaskStatusChanged(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.task.status_changed"
    live: ClassVar[LiveEvent] = LiveEvent.STATUS_CHANGED
    payload: TaskState


class TaskAssigned(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.task.assigned"
    live: ClassVar[LiveEvent] = LiveEvent.ASSIGNED
    payload: TaskState


class TaskDeleted(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.task.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: Removed
