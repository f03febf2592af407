"""The table of tags, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class ProjectTag(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    name = fields.TextField()
    color = fields.TextField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "project_tags"
