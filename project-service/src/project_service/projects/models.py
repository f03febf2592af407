"""The tables of projects, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class Project(Model):
    """`visible_since` is when the whole tenant was let in later on."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    name = fields.TextField()
    description = fields.TextField(null=True)
    owner_id = fields.UUIDField()
    visibility = fields.TextField()
    archived = fields.BooleanField(default=False)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    deleted_at = fields.DatetimeField(null=True)
    visible_since = fields.DatetimeField(null=True)

    class Meta:
        table = "projects"


class ProjectMember(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    user_id = fields.UUIDField()
    role = fields.TextField()
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "project_members"
        unique_together = (("project_id", "user_id"),)


class ProjectFavorite(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    user_id = fields.UUIDField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "project_favorites"
        unique_together = (("project_id", "user_id"),)
