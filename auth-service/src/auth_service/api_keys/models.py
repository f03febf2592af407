"""The table of API keys, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class ApiKey(Model):
    """A digest only: no key is stored."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField(db_index=True)
    name = fields.TextField()
    prefix = fields.TextField()
    digest = fields.BinaryField()
    scopes = ArrayField("text")
    expires_at = fields.DatetimeField(null=True)
    last_used_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "api_keys"
