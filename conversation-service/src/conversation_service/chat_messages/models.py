"""The tables of messages in chats, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class ChatMessage(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    chat_id = fields.UUIDField()
    number = fields.IntField()
    author_id = fields.UUIDField(null=True)
    about_user_id = fields.UUIDField(null=True)
    type = fields.TextField()
    content = fields.TextField()
    reply_to = fields.UUIDField(null=True)
    edited_at = fields.DatetimeField(null=True)
    is_deleted = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "chat_messages"
        unique_together = (("chat_id", "number"),)


class ChatReaction(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    message_id = fields.UUIDField()
    user_id = fields.UUIDField()
    emoji = fields.TextField()

    class Meta:
        table = "chat_reactions"
        unique_together = (("message_id", "user_id", "emoji"),)
