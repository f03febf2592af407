"""The table of members who have left and whose things are not all dealt with, as migrations compare it."""

from tortoise import fields
from tortoise.models import Model


class Leaving(Model):
    """Of the whole tenant where `project_id` is null. Due when nobody deals with it; deleted when nothing is left."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    user_id = fields.UUIDField()
    project_id = fields.UUIDField(null=True)
    left_at = fields.DatetimeField()
    due_at = fields.DatetimeField()

    class Meta:
        table = "leavings"
