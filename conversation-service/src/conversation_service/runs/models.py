"""The tables of answers being written, as migrations compare them; queries are SQL in the repository."""

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model


class Run(Model):
    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    conversation_id = fields.UUIDField()
    user_id = fields.UUIDField()
    prompt_id = fields.UUIDField()
    message_id = fields.UUIDField()
    provider = fields.TextField()
    model = fields.TextField()
    status = fields.TextField(default="running")
    error_code = fields.TextField(null=True)
    usage: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    delta_count = fields.IntField(default=0)
    is_stop_wanted = fields.BooleanField(default=False)
    beat_at = fields.DatetimeField()
    created_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "runs"


class RunChunk(Model):
    run_id = fields.UUIDField(primary_key=True)
    first_delta = fields.IntField()
    tenant_id = fields.UUIDField()
    deltas = ArrayField("text")

    class Meta:
        table = "run_chunks"
        unique_together = (("run_id", "first_delta"),)
