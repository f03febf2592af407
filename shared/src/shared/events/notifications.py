"""What conversation-service tells of notifications. It is for auth-service, which keeps `user:{id}` and the mail."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.events.envelope import Event
from shared.wire_enum import WireEnum


class NotificationKind(WireEnum):
    MENTION = "mention"
    ASSIGNMENT = "assignment"
    INVITATION = "invitation"
    COMMENT_REPLY = "comment_reply"
    WEBHOOK_DISABLED = "webhook_disabled"
    GENERATION_FINISHED = "generation_finished"
    PREVIEW_FINISHED = "preview_finished"
    BILLING = "billing"
    SECURITY = "security"


class NotificationState(msgspec.Struct, frozen=True, kw_only=True):
    """`title` names nobody: whoever shows it knows the people by `actor_id`. What it is about is `entity_id`."""

    id: UUID
    tenant_id: UUID
    user_id: UUID
    kind: NotificationKind
    title: str
    actor_id: UUID | None
    entity_type: str | None
    entity_id: UUID | None
    project_id: UUID | None
    read_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class NotificationNews(NotificationState, frozen=True, kw_only=True):
    unread_count: int
    """With this one."""


class NotificationsRead(msgspec.Struct, frozen=True, kw_only=True):
    user_id: UUID
    notification_ids: tuple[UUID, ...] | None
    """None: all there were at `read_at`."""
    read_at: datetime
    unread_count: int
    """That are left."""


class NotificationAdded(Event, frozen=True, kw_only=True):
    """Which ways it is to go: their own choice. Without `in_app` it is in no list, and only mailed."""

    type: ClassVar[str] = "conversation.notification.added"
    in_app: bool
    by_mail: bool
    payload: NotificationNews


class NotificationRead(Event, frozen=True, kw_only=True):
    type: ClassVar[str] = "conversation.notification.read"
    tenant_id: UUID
    payload: NotificationsRead
