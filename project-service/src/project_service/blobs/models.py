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
    """Bytes of all kept and staged contents of a tenant, and of what is allotted to other services."""

    tenant_id = fields.UUIDField(primary_key=True)
    used = fields.BigIntField(default=0)

    class Meta:
        table = "storage_use"


class StorageAllotment(Model):
    """What another service may fill of a tenant's storage. The key in the database is (tenant_id, holder)."""

    tenant_id = fields.UUIDField(primary_key=True)
    holder = fields.TextField()
    size = fields.BigIntField()

    class Meta:
        table = "storage_allotments"
        unique_together = (("tenant_id", "holder"),)
