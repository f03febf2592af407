"""The tables of comments, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Comment(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField(null=True)
    entity_type = fields.TextField()
    entity_id = fields.UUIDField()
    parent_id = fields.UUIDField(null=True)
    author_id = fields.UUIDField()
    body = fields.TextField()
    mentioned_user_ids = ArrayField("uuid")
    edits = fields.IntField(default=0)
    edited_at = fields.DatetimeField(null=True)
    is_deleted = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "comments"


class CommentEdit(Model):
    """What a comment said before somebody edited it."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    comment_id = fields.UUIDField()
    body = fields.TextField()
    replaced_at = fields.DatetimeField()

    class Meta:
        table = "comment_edits"


class CommentStar(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    comment_id = fields.UUIDField()
    user_id = fields.UUIDField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "comment_stars"
        unique_together = (("comment_id", "user_id"),)
