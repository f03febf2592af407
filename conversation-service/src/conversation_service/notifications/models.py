"""The tables of notifications, as migrations compare them; queries are SQL in the repository."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Notification(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    kind = fields.TextField()
    event_id = fields.UUIDField()
    title = fields.TextField()
    actor_id = fields.UUIDField(null=True)
    entity_type = fields.TextField(null=True)
    entity_id = fields.UUIDField(null=True)
    project_id = fields.UUIDField(null=True)
    read_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "notifications"
        unique_together = (("event_id", "user_id", "kind"),)


class NotificationInbox(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    unread_count = fields.IntField(default=0)
    preferences: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    version = fields.IntField(default=1)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "notification_inboxes"
        unique_together = (("tenant_id", "user_id"),)
