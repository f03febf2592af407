"""The table of tokens that were mailed, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class MailToken(Model):
    """A digest only: no token is stored."""

    digest = fields.CharField(64, primary_key=True)
    user_id = fields.UUIDField(db_index=True)
    purpose = fields.CharField(16)
    expires_at = fields.DatetimeField(db_index=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "mail_tokens"
