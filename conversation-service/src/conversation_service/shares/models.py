"""The table of shared branches, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class Share(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    conversation_id = fields.UUIDField()
    user_id = fields.UUIDField()
    message_id = fields.UUIDField()
    digest = fields.BinaryField()
    expires_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "shares"
