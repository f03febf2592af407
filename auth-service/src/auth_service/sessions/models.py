"""The table of sessions, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class Session(Model):
    """One signed-in device, and so one family of refresh tokens. Digests only: no token is stored."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField(db_index=True)
    current_digest = fields.BinaryField()
    previous_digest = fields.BinaryField(null=True)
    cookie_digest = fields.BinaryField(null=True)
    previous_cookie_digest = fields.BinaryField(null=True)
    cookie_set_at = fields.DatetimeField(null=True)
    rotated_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    revoked_at = fields.DatetimeField(null=True)
    revoked_reason = fields.TextField(null=True)
    user_agent = fields.TextField()
    address = fields.TextField()
    created_at = fields.DatetimeField()
    last_seen_at = fields.DatetimeField()
    stepped_up_at = fields.DatetimeField(null=True)

    class Meta:
        table = "sessions"
