"""The table of signing keys, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class SigningKey(Model):
    """The private part is sealed under KEY_ENCRYPTION_SECRET; a retired key neither signs nor verifies any more."""

    id = fields.CharField(64, primary_key=True)
    sealed_private_key = fields.BinaryField()
    public_key = fields.BinaryField()
    created_at = fields.DatetimeField()
    signs_from = fields.DatetimeField()
    retired_at = fields.DatetimeField(null=True)

    class Meta:
        table = "signing_keys"
