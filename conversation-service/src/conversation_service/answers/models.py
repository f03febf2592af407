"""The tables of how many answers run and what they may cost; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class AnswerAllowance(Model):
    """What answers have cost in `month` (its first day, UTC), in tokens. Its row is locked while an answer begins."""

    tenant_id = fields.UUIDField(primary_key=True)
    month = fields.DateField()
    used_tokens = fields.BigIntField(default=0)

    class Meta:
        table = "answer_allowances"


class AnswerLease(Model):
    """An answer that is under way, and the tokens it may still cost. Its node renews it until the answer ends."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    is_stop_wanted = fields.BooleanField(default=False)
    reserved_tokens = fields.BigIntField()
    expires_at = fields.DatetimeField()

    class Meta:
        table = "answer_leases"
