"""The table of data exports, as migrations compare it; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class DataExport(Model):
    """The document is sealed under KEY_ENCRYPTION_SECRET and kept for a day, where every replica can read it."""

    id = fields.UUIDField(primary_key=True)
    user_id = fields.UUIDField(db_index=True)
    sealed_document = fields.BinaryField()
    created_at = fields.DatetimeField()
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "data_exports"
