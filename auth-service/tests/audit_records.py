"""Audit records as gateways tell them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from auth_service.audit.chain import Stored
from shared.db.databases import Database
from shared.events.envelope import Envelope, encode
from shared.events.gateway import AuditRecord, AuditRecorded, Outcome
from shared.ids import new_id
from shared.messaging.bus import Bus, OutgoingMessage


def a_record(tenant_id: UUID | None, **changes: Any) -> AuditRecord:
    given: dict[str, Any] = {
        "id": new_id(),
        "tenant_id": tenant_id,
        "user_id": uuid4(),
        "session_id": uuid4(),
        "api_key_id": None,
        "action": "task.update",
        "endpoint": "/api/v1/projects/1/tasks/2",
        "method": "PATCH",
        "status_code": 200,
        "outcome": Outcome.SUCCESS,
        "ip": "203.0.113.7",
        "user_agent": "a browser",
        "request_body": '{"b":1.50,"a":[null,"x"]}',
        "request_bytes": 25,
        "response_ms": 1.234,
        "trace_id": uuid4().hex,
        "created_at": datetime.now(UTC),
    }
    return AuditRecord(**(given | changes))


def stored(record: AuditRecord, **changes: Any) -> Stored:
    """As a row of the log that has `changes` of its own."""
    names = (name for name in Stored.__struct_fields__ if name in AuditRecord.__struct_fields__)
    given = {name: getattr(record, name) for name in names}
    given |= {"outcome": record.outcome.value, "recorded_at": record.created_at, "aggregate": None}
    given |= {"ip": None, "user_agent": None, "request_body": None}
    return Stored(**(given | changes))


def batch_of(*records: AuditRecord) -> OutgoingMessage:
    """One message; sent twice it is a redelivery."""
    envelope = Envelope(
        id=new_id(),
        source="tessera/gateway",
        type=AuditRecorded.type,
        subject="requests",
        time=datetime.now(UTC),
        data=msgspec.Raw(msgspec.json.encode(AuditRecorded(records=records))),
    )
    return OutgoingMessage("gateway", AuditRecorded.type, envelope.id, encode(envelope))


async def tell(bus: Bus, *records: AuditRecord) -> None:
    await bus.publish([batch_of(*records)])


async def count_entries(database: Database) -> int:
    [row] = await database.system_rows("select count(*) as number from audit_logs")
    number: int = row["number"]
    return number
