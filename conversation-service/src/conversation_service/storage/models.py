"""The table of how much of a tenant's storage this service fills; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class StorageAllotment(Model):
    """`used` and `allotted` are bytes. Triggers of the migrations keep `used` with every row that counts."""

    tenant_id = fields.UUIDField(primary_key=True)
    used = fields.BigIntField(default=0)
    allotted = fields.BigIntField(default=0)
    tier = fields.TextField(default="free")
    asking_until = fields.DatetimeField(null=True)
    confirmed_at = fields.DatetimeField(null=True)
    counted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "storage_allotments"
