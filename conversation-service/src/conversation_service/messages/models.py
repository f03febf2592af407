"""The table of messages, as migrations compare it; queries are SQL in the repository."""

from typing import Any

from tortoise import fields
from tortoise.models import Model


class Message(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    conversation_id = fields.UUIDField(null=True)
    number = fields.IntField()
    depth = fields.IntField()
    user_id = fields.UUIDField()
    role = fields.TextField()
    content = fields.TextField(null=True)
    content_of = fields.UUIDField(null=True)
    model = fields.TextField(null=True)
    parent_id = fields.UUIDField(null=True)
    token_count = fields.IntField()
    token_count_source = fields.TextField()
    status = fields.TextField(default="completed")
    usage: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    feedback: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "messages"
        unique_together = (("conversation_id", "number"),)
