"""The table of invitations, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class Invitation(Model):
    """A digest of the mailed token only."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    email = fields.CharField(254)
    email_identity = fields.CharField(254)
    role = fields.CharField(16)
    first_name = fields.TextField(null=True)
    last_name = fields.TextField(null=True)
    project_id = fields.UUIDField(null=True)
    project_role = fields.CharField(16, null=True)
    invited_by = fields.UUIDField()
    token_digest = fields.CharField(64, unique=True)
    expires_at = fields.DatetimeField()
    accepted_at = fields.DatetimeField(null=True)
    accepted_by = fields.UUIDField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "invitations"
