"""The tables of tasks, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class Task(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    title = fields.TextField()
    description = fields.TextField(null=True)
    status = fields.TextField()
    priority = fields.TextField()
    assignee_id = fields.UUIDField(null=True)
    due_at = fields.DatetimeField(null=True)
    position = fields.FloatField()
    attachment_count = fields.IntField(default=0)
    created_by = fields.UUIDField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "tasks"


class TaskCount(Model):
    """Kept by a trigger. The rows of one project and status are to be added up: see the migration."""

    id = fields.BigIntField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    status = fields.TextField()
    count = fields.BigIntField()
    bytes = fields.BigIntField(default=0)

    class Meta:
        table = "task_counts"
