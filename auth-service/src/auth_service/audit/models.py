"""The tables of the audit log, as migrations compare them; queries are SQL in the repository."""

from tortoise import fields
from tortoise.models import Model


class AuditLog(Model):
    """Rows are only ever added. `request_body` is `json`, not `jsonb`: its text is part of what the hash is made of."""

    id = fields.UUIDField(primary_key=True)
    tenant_id = fields.UUIDField()
    seq = fields.BigIntField()
    user_id = fields.UUIDField(null=True)
    session_id = fields.UUIDField(null=True)
    api_key_id = fields.UUIDField(null=True)
    action = fields.TextField()
    thing = fields.TextField()
    endpoint = fields.TextField()
    method = fields.TextField()
    status_code = fields.SmallIntField()
    outcome = fields.TextField()
    ip = fields.TextField()
    user_agent = fields.TextField(null=True)
    request_body = fields.TextField(null=True)
    request_bytes = fields.BigIntField()
    response_ms = fields.FloatField()
    trace_id = fields.TextField()
    created_at = fields.DatetimeField()
    previous_hash = fields.BinaryField()
    hash = fields.BinaryField()

    class Meta:
        table = "audit_logs"


class AuditChain(Model):
    """Where the chain of a tenant ends."""

    tenant_id = fields.UUIDField(primary_key=True)
    seq = fields.BigIntField()
    hash = fields.BinaryField()

    class Meta:
        table = "audit_chains"
