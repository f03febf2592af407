"""Wire types of the audit log."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta

from shared.events.gateway import Outcome
from shared.pagination import PageQuery

Moment = Annotated[datetime, Meta(tz=True)]


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON = "json"


class AuditQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Newest first. With `format` all records that match are downloaded, up to 100,000."""

    actor_id: UUID | None = None
    action: Annotated[str, Meta(max_length=100, pattern=r"^[a-z_]+\.[a-z_]*$")] | None = None
    """`task.update`, or `task.` for everything that was done to tasks."""
    from_: Moment | None = msgspec.field(default=None, name="from")
    to: Moment | None = None
    """The first moment that is too late."""
    outcome: Outcome | None = None
    trace_id: Annotated[str, Meta(max_length=32, pattern=r"^[0-9a-f]{32}$")] | None = None
    """As X-Request-Id named it."""
    format: ExportFormat | None = None
    """Downloads what matches: `csv` for tables, `json` exactly as in the list."""


class AuditAggregateView(msgspec.Struct, frozen=True, kw_only=True):
    """Many requests of a minute in one record; its other fields are of the first one."""

    count: int
    first: datetime
    last: datetime
    endpoints: Sequence[str]
    """Method and route."""
    other_endpoints: int
    """How many requests went elsewhere."""
    statuses: dict[str, int]
    """Requests by status."""


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
    ip: str | None
    """Null, like `user_agent` and `request_body`, once the person was erased."""
    user_agent: str | None
    request_body: Any
    """Without secrets; null where bodies are not recorded."""
    request_bytes: int
    response_ms: float
    trace_id: str
    created_at: datetime
    aggregate: AuditAggregateView | None
    """Null where the record is of one request."""
    erased: bool
    """The person was erased: nobody can read the personal fields any more."""
