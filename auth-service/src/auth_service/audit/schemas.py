"""Wire types of the audit log."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from shared.events.gateway import Outcome
from shared.pagination import PageQuery

Moment = Annotated[datetime, Meta(tz=True)]


class AuditQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first."""

    actor_id: UUID | None = None
    action: Annotated[str, Meta(max_length=100, pattern=r"^[a-z_]+\.[a-z_]*$")] | None = None
    """`task.update`, or `task.` for everything that was done to tasks."""
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    """The first moment that is too late."""
    outcome: Outcome | None = None


class AuditRecordView(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    tenant_id: UUID
    user_id: UUID | None
    """None where nobody could be told."""
    session_id: UUID | None
    api_key_id: UUID | None
    action: str
    endpoint: str
    method: str
    status_code: int
    """499: the client left before the answer."""
    outcome: Outcome
    ip: str
    user_agent: str | None
    request_body: Any
    """Without secrets; null where bodies are not recorded."""
    request_bytes: int
    response_ms: float
    trace_id: str
    created_at: datetime
