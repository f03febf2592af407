"""The tables of contents, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class Blob(Model):
    """A content, once per tenant. Kept contents have `kept_by`; others wait to be referenced, or to be swept.

    `stagings` is the number of requests that have stored it and not yet referred to it. What is kept or staged is
    counted as the tenant's.
    """

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    sha256 = fields.TextField()
    size = fields.IntField()
    content = fields.BinaryField(null=True)
    kept_by = fields.UUIDField(null=True)
    touched_at = fields.DatetimeField()
    stagings = fields.IntField(default=0)

    class Meta:
        table = "blobs"
        unique_together = (("tenant_id", "sha256"),)


class StorageUse(Model):
    """Bytes of all kept and staged contents of a tenant."""

    tenant_id = fields.UUIDField(primary_key=True)
    used = fields.BigIntField(default=0)

    class Meta:
        table = "storage_use"
