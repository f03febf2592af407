"""A table that the tests write to."""

from tortoise import fields
from tortoise.models import Model


class Note(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    title = fields.CharField(max_length=200)
    labels = fields.JSONField[list[str]](default=list)

    class Meta:
        table = "notes"
