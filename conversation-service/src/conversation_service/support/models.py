"""The table of tickets, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class SupportTicket(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    question = fields.TextField()
    answer = fields.TextField(null=True)
    source = fields.TextField()
    article = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "support_tickets"
