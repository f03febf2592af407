"""The table of workspace sessions, as migrations compare it; queries are SQL in the repository."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class WorkspaceSession(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    project_id = fields.UUIDField(null=True)
    conversation_id = fields.UUIDField(null=True)
    parent_session_id = fields.UUIDField(null=True)
    name = fields.TextField()
    workspace_path = fields.TextField()
    tags = ArrayField("text")
    state: Any = fields.JSONField()
    last_accessed_at = fields.DatetimeField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "workspace_sessions"
