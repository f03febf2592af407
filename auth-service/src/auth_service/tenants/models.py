"""The tables of tenants, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class Tenant(Model):
    id = fields.UUIDField(primary_key=True)
    name = fields.TextField()
    slug = fields.CharField(64, unique=True)
    tier = fields.CharField(16, default="free")
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    closed_at = fields.DatetimeField(null=True, db_index=True)

    class Meta:
        table = "tenants"


class Membership(Model):
    """The key in the database is (tenant_id, user_id), which Tortoise cannot say."""

    tenant_id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField(db_index=True)
    role = fields.CharField(16)
    is_active = fields.BooleanField(default=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "memberships"
        unique_together = (("tenant_id", "user_id"),)
