"""The table of what happened in projects, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class ProjectActivity(Model):
    """`id` is the event's."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    actor_id = fields.UUIDField(null=True)
    type = fields.TextField()
    entity_type = fields.TextField()
    entity_id = fields.UUIDField()
    changed_fields = ArrayField("text")
    occurred_at = fields.DatetimeField()

    class Meta:
        table = "project_activity"
