"""The table of counted attempts, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class AttemptWindow(Model):
    """Unlogged: all replicas count in it, and after a crash of the database counting starts anew."""

    key = fields.CharField(64, primary_key=True)
    used = fields.IntField()
    ends_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "attempt_windows"
