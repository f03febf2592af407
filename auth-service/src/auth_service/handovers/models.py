"""The table of session tokens, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class SessionToken(Model):
    """Good for one sign-in within seconds, as the user of the session that asked for it. A digest only."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    session_id = fields.UUIDField(db_index=True)
    digest = fields.BinaryField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "session_tokens"
