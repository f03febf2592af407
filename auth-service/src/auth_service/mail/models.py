"""The table of mail that has not been sent yet, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class Mail(Model):
    """Recipient and letter are sealed: a letter may carry a link that opens an account."""

    id = fields.UUIDField(primary_key=True)
    template = fields.CharField(32)
    sealed = fields.BinaryField()
    attempts = fields.IntField(default=0)
    due_at = fields.DatetimeField(db_index=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "mails"
