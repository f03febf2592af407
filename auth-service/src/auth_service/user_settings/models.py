"""The table of settings, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class UserSetting(Model):
    """Of one member of one tenant: gone with the membership. `value` is `json`, not `jsonb`: kept as it came."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    category = fields.CharField(16)
    key = fields.CharField(64)
    value = fields.TextField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "user_settings"
        unique_together = (("tenant_id", "user_id", "category", "key"),)
