"""The copy of the tenants' members, as migrations compare it; `shared.members` has the queries."""

from tortoise import fields
from tortoise.models import Model


class TenantMember(Model):
    """The key in the database is (tenant_id, user_id), which Tortoise cannot say."""

    tenant_id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField()
    is_member = fields.BooleanField()
    is_active = fields.BooleanField()
    role = fields.TextField(null=True)
    email = fields.TextField(null=True)
    display_name = fields.TextField(null=True)
    email_key = fields.TextField(null=True)
    mail_handle = fields.TextField(null=True)
    name_handle = fields.TextField(null=True)
    as_of = fields.DatetimeField()
    joined_at = fields.DatetimeField(null=True)

    class Meta:
        table = "tenant_members"
        unique_together = (("tenant_id", "user_id"),)
