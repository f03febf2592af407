"""The tables of labels, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class TaskLabel(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    name = fields.TextField()
    name_key = fields.TextField()
    color = fields.TextField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "task_labels"
        unique_together = (("project_id", "name_key"),)
