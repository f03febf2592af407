"""The tables of files and versions, as migrations compare them; queries are SQL in the repositories."""

from tortoise import fields
from tortoise.models import Model


class FileTree(Model):
    """One per project that has had files: numbers of the newest and the first version, and totals."""

    project_id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    version = fields.IntField(default=0)
    file_count = fields.IntField(default=0)
    total_size = fields.BigIntField(default=0)
    first_version = fields.IntField(default=1)
    tier = fields.TextField(null=True)
    tier_since = fields.DatetimeField(null=True)

    class Meta:
        table = "file_trees"


class File(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    path = fields.TextField()
    path_key = fields.TextField()
    size = fields.IntField()
    sha256 = fields.TextField()
    language = fields.TextField(null=True)
    version = fields.IntField(default=1)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()

    class Meta:
        table = "files"


class Version(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    version = fields.IntField()
    kind = fields.TextField()
    message = fields.TextField(null=True)
    author_id = fields.UUIDField()
    added = fields.IntField()
    updated = fields.IntField()
    deleted = fields.IntField()
    file_count = fields.IntField()
    total_size = fields.BigIntField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "versions"
        unique_together = (("project_id", "version"),)


class FileChange(Model):
    """What a version did to one path."""

    id = fields.BigIntField(primary_key=True)
    tenant_id = fields.UUIDField()
    project_id = fields.UUIDField()
    version = fields.IntField()
    path = fields.TextField()
    op = fields.TextField()
    file_id = fields.UUIDField()
    size = fields.IntField(null=True)
    sha256 = fields.TextField(null=True)
    language = fields.TextField(null=True)

    class Meta:
        table = "file_changes"
        unique_together = (("project_id", "path", "version"),)
