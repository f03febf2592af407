"""The table of live tickets, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class LiveTicket(Model):
    """Good for one handshake within seconds, as whoever asked for it. A digest only."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    credential_id = fields.UUIDField()
    """The session, or the API key, that asked."""
    digest = fields.BinaryField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "live_tickets"
