"""What project-service tells: projects, their tasks, teams, tags and comments, each as its readers see it."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.events.authors import Author
from shared.events.changes import Change, Guarded, Removed
from shared.events.envelope import Event, LiveEvent
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


class TagState(msgspec.Struct, frozen=True, kw_only=True):
    """Tags never change: their version is 1."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    name: str
    color: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class RemovedFromProject(msgspec.Struct, frozen=True, kw_only=True):
    """What is left to say of a part of a project that is gone."""

    id: UUID
    project_id: UUID


class TagAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.tag.added"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: TagState


class TagDeleted(Change, frozen=True, kw_only=True):
    """Of version 2."""

    type: ClassVar[str] = "project.tag.deleted"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: RemovedFromProject


class TeamMemberState(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's place on the team of a project."""

    id: UUID
    tenant_id: UUID
    project_id: UUID
    user_id: UUID
    role: ProjectRole
    version: int
    created_at: datetime
    updated_at: datetime


class RemovedTeamMember(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    project_id: UUID
    user_id: UUID


class TeamMemberAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.member.added"
    live: ClassVar[LiveEvent] = LiveEvent.ADDED
    payload: TeamMemberState


class TeamMemberUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.member.updated"
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    payload: TeamMemberState


class TeamMemberRemoved(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.member.removed"
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: RemovedTeamMember


class InvitationRequested(Event, frozen=True, kw_only=True):
    """Somebody who is not in the tenant yet is wanted on a team: auth-service is to invite them by mail."""

    type: ClassVar[str] = "project.invitation.requested"
    tenant_id: UUID
    project_id: UUID
    project_role: ProjectRole
    email: str
    invited_by: UUID


class Commented(WireEnum):
    """The kinds of things that comments can be about."""

    PROJECT = "project"
    TASK = "task"
    FILE = "file"
    LIST = "list"
    LIST_ITEM = "list_item"
    GIFT = "gift"
    OCCASION = "occasion"
    PERSON = "person"


class CommentState(msgspec.Struct, frozen=True, kw_only=True):
    """`body` is empty where `is_deleted`: the place is kept for the replies."""

    id: UUID
    tenant_id: UUID
    project_id: UUID | None
    entity_type: Commented
    entity_id: UUID
    parent_id: UUID | None
    author_id: UUID
    author: Author | None = None
    """Absent only in events of before there was one."""
    body: str
    mentioned_user_ids: tuple[UUID, ...]
    edits: int
    edited_at: datetime | None
    is_deleted: bool
    version: int
    created_at: datetime
    updated_at: datetime


class RemovedComment(msgspec.Struct, frozen=True, kw_only=True):
    """With replies, its place in the thread stays, empty."""

    id: UUID
    project_id: UUID | None
    entity_type: Commented
    entity_id: UUID
    has_replies: bool
    place: CommentState | None = None
    """What is shown there from now on, but for `author`, whose name would stay; None where nothing is."""


class CommentAdded(Guarded, frozen=True, kw_only=True):
    """`newly_mentioned` are to be notified: people who may read it, and not its author."""

    type: ClassVar[str] = "project.comment.added"
    schema_version: ClassVar[int] = 3
    live: ClassVar[LiveEvent] = LiveEvent.COMMENT_ADDED
    author_field: ClassVar[str] = "author_id"
    newly_mentioned: tuple[UUID, ...] = ()
    replied_to: UUID | None = None
    """The author of its parent, where they may read it, are not its author and not mentioned either."""
    payload: CommentState


class CommentUpdated(Guarded, frozen=True, kw_only=True):
    """`newly_mentioned` leaves out whom the comment mentioned before the edit."""

    type: ClassVar[str] = "project.comment.updated"
    schema_version: ClassVar[int] = 2
    live: ClassVar[LiveEvent] = LiveEvent.UPDATED
    redacting_fields: ClassVar[frozenset[str]] = frozenset({"body"})
    author_field: ClassVar[str] = "author_id"
    newly_mentioned: tuple[UUID, ...] = ()
    payload: CommentState


class CommentDeleted(Guarded, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.comment.deleted"
    schema_version: ClassVar[int] = 3
    live: ClassVar[LiveEvent] = LiveEvent.DELETED
    payload: RemovedComment


class WebhookDisabled(Event, frozen=True, kw_only=True):
    """Nothing is delivered to it any more until somebody makes it active again.

    `user_id` is told: who made it, or where they have left, the owner of its project.
    """

    type: ClassVar[str] = "project.webhook.disabled"
    tenant_id: UUID
    webhook_id: UUID
    project_id: UUID | None
    user_id: UUID
    reason: str
    """`failing`: a delivery failed for days; `gone`: the receiver answered 410; `maker_left`: who made it sees the
    project no more."""


class WebhookPassedOn(Event, frozen=True, kw_only=True):
    """A webhook of the tenant goes on: who made it has left, and what it is told is from now on what `user_id` may see.

    `user_id` is told: an owner of the tenant, who is its maker now.
    """

    type: ClassVar[str] = "project.webhook.passed_on"
    tenant_id: UUID
    webhook_id: UUID
    user_id: UUID


class SessionState(msgspec.Struct, frozen=True, kw_only=True):
    """That a member has a workspace session. What is in it is for nobody but them, and no event carries it."""

    id: UUID
    tenant_id: UUID
    user_id: UUID
    version: int
    created_at: datetime
    updated_at: datetime


class SessionAdded(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.session.added"
    payload: SessionState


class SessionUpdated(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.session.updated"
    payload: SessionState


class SessionDeleted(Change, frozen=True, kw_only=True):
    type: ClassVar[str] = "project.session.deleted"
    payload: Removed
