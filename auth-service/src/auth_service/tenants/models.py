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


class FormerMembership(Model):
    """Of accounts that are not erased. `left_at` is null where somebody left before it was noted.

    `is_account_erased`: the account was erased before former tenants were told of it; then this one still is.
    The key in the database is (tenant_id, user_id), which Tortoise cannot say.
    """

    tenant_id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField(db_index=True)
    left_at = fields.DatetimeField(null=True)
    is_account_erased = fields.BooleanField(default=False)

    class Meta:
        table = "former_memberships"
        unique_together = (("tenant_id", "user_id"),)


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
