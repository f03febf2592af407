"""The tables of chats, as migrations compare them; queries are SQL in the repositories."""

from tortoise import fields
from tortoise.models import Model


class Chat(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    kind = fields.TextField()
    title = fields.TextField(null=True)
    project_id = fields.UUIDField(null=True)
    project_deleted_at = fields.DatetimeField(null=True)
    direct_key = fields.TextField(null=True)
    created_by = fields.UUIDField()
    message_count = fields.IntField(default=0)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "chats"
        unique_together = (("tenant_id", "direct_key"),)


class ChatParticipant(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    chat_id = fields.UUIDField()
    user_id = fields.UUIDField()
    role = fields.TextField()
    last_read_number = fields.IntField()
    joined_at = fields.DatetimeField()

    class Meta:
        table = "chat_participants"
        unique_together = (("chat_id", "user_id"),)


class ProjectViewer(Model):
    """The key in the database is (tenant_id, project_id, user_id), which Tortoise cannot say."""

    tenant_id = fields.UUIDField(primary_key=True)
    project_id = fields.UUIDField()
    user_id = fields.UUIDField()
    can_see = fields.BooleanField()
    is_on_team = fields.BooleanField()
    as_of = fields.DatetimeField()

    class Meta:
        table = "project_viewers"
        unique_together = (("tenant_id", "project_id", "user_id"),)
