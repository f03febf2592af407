"""The table of conversations, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Conversation(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    workspace_session_id = fields.UUIDField(null=True)
    project_id = fields.UUIDField(null=True)
    title = fields.TextField()
    description = fields.TextField(null=True)
    ai_provider = fields.TextField(null=True)
    model = fields.TextField(null=True)
    status = fields.TextField(default="active")
    message_count = fields.IntField(default=0)
    token_count = fields.BigIntField(default=0)
    tags = ArrayField("text", default=list)
    related_conversations = ArrayField("uuid", default=list)
    summary = fields.TextField(null=True)
    expires_at = fields.DatetimeField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "conversations"
