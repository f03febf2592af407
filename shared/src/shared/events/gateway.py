"""What the gateway tells: who asked for what, for the audit log."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from shared.events.envelope import Event
from shared.wire_enum import WireEnum


class Outcome(WireEnum):
    SUCCESS = "success"
    DENIED = "denied"
    FAILED = "failed"
    LIMITED = "limited"


class AuditAggregate(msgspec.Struct, frozen=True, kw_only=True):
    """Many requests of one stranger, or beyond the limits of one account, within a minute at one gateway."""

    count: int
    first: datetime
    last: datetime
    endpoints: tuple[str, ...]
    """Method and route, at most ten."""
    other_endpoints: int
    """How many requests went elsewhere."""
    statuses: dict[str, int]
    """Requests by status."""


class AuditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One request. Holds no secret: bodies are sanitised, queries and headers are left out.

    With an `aggregate` it is many: the other fields are of the first one, `outcome` is the gravest of all.
    """

    id: UUID
    tenant_id: UUID | None
    """None where nobody could be told: a made-up token, a sign-in to no account."""
    user_id: UUID | None
    session_id: UUID | None
    api_key_id: UUID | None
    action: str
    endpoint: str
    """The path as it was asked for."""
    method: str
    status_code: int
    outcome: Outcome
    ip: str
    user_agent: str | None
    request_body: str | None
    """JSON as text; None where the body is not recorded."""
    request_bytes: int
    response_ms: float
    trace_id: str
    created_at: datetime
    aggregate: AuditAggregate | None = None


class AuditRecorded(Event, frozen=True, kw_only=True):
    """A batch, in the order in which one gateway answered, across tenants."""

    type: ClassVar[str] = "gateway.audit.recorded"
    schema_version: ClassVar[int] = 2
    records: tuple[AuditRecord, ...]
