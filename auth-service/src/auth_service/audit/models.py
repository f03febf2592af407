"""The tables of the audit log, as migrations compare them; queries are SQL in the repositories."""

from tortoise import fields
from tortoise.models import Model


class AuditLog(Model):
    """In partitions by `recorded_at`, a month each. JSON is `json`, not `jsonb`: its text is part of what is hashed."""

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
    ip = fields.TextField(null=True)
    user_agent = fields.TextField(null=True)
    request_body = fields.TextField(null=True)
    request_bytes = fields.BigIntField()
    response_ms = fields.FloatField()
    trace_id = fields.TextField()
    created_at = fields.DatetimeField()
    previous_hash = fields.BinaryField()
    hash = fields.BinaryField()
    recorded_at = fields.DatetimeField()
    form = fields.SmallIntField(default=1)
    personal = fields.BinaryField(null=True)
    aggregate = fields.TextField(null=True)
    attestation = fields.BinaryField(null=True)

    class Meta:
        table = "audit_logs"


class AuditChain(Model):
    """Where the chain of a tenant ends."""

    tenant_id = fields.UUIDField(primary_key=True)
    seq = fields.BigIntField()
    hash = fields.BinaryField()
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "audit_chains"


class AuditKey(Model):
    """What opens the personal fields of one person's records in one tenant, sealed under KEY_ENCRYPTION_SECRET.

    The key in the database is (tenant_id, person_id), which Tortoise cannot say.
    """

    tenant_id = fields.UUIDField(primary_key=True)
    person_id = fields.UUIDField()
    sealed_key = fields.BinaryField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "audit_keys"
        unique_together = (("tenant_id", "person_id"),)


class AuditErasure(Model):
    """A person or a tenant whose records have no personal fields any more; `finished_at`: nor have the oldest ones."""

    subject_id = fields.UUIDField(primary_key=True)
    erased_at = fields.DatetimeField()
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "audit_erasures"


class AuditCheckpoint(Model):
    """The last entry of a chain that retention deletes: its signature stands for what was before."""

    tenant_id = fields.UUIDField(primary_key=True)
    seq = fields.BigIntField()
    hash = fields.BinaryField()
    signed_at = fields.DatetimeField()
    signature = fields.BinaryField()

    class Meta:
        table = "audit_checkpoints"


class AuditMonth(Model):
    """A partition of the log, by name."""

    name = fields.CharField(max_length=63, primary_key=True)
    starts = fields.DatetimeField()
    ends = fields.DatetimeField()

    class Meta:
        table = "audit_months"
