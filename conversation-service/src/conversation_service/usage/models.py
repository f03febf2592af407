"""The table of what models were used for, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class UsageDay(Model):
    tenant_id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField()
    day = fields.DateField()
    provider = fields.TextField()
    model = fields.TextField()
    answers = fields.IntField()
    prompt_tokens = fields.BigIntField()
    completion_tokens = fields.BigIntField()

    class Meta:
        table = "usage_days"
        unique_together = (("tenant_id", "user_id", "day", "provider", "model"),)
