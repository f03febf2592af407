"""The tables of attachments, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class TaskAttachment(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    task_id = fields.UUIDField()
    kind = fields.TextField()
    name = fields.TextField()
    url = fields.TextField(null=True)
    size = fields.BigIntField(null=True)
    media_type = fields.TextField(null=True)
    created_by = fields.UUIDField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "task_attachments"


class AttachmentLeftover(Model):
    """An object that no attachment refers to: one on its way in, or one whose attachment is gone."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    size = fields.BigIntField()
    since = fields.DatetimeField()

    class Meta:
        table = "attachment_leftovers"
