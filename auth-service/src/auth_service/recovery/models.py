"""The table of forgotten passwords, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class ResetRequest(Model):
    """For whatever address was given: whether it has an account is looked up later, out of anybody's sight."""

    email_identity = fields.CharField(254, primary_key=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "reset_requests"
