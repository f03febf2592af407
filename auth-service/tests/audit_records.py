"""Audit records as gateways tell them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from auth_builders import KEY_ENCRYPTION_SECRET

from auth_service.audit.chain import Form, Stored, chained
from auth_service.audit.repository import add_entries, lock_chains
from auth_service.audit.service import AuditKeeper
from shared.db.databases import Database
from shared.db.unit_of_work import Work
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


def keeper(at: datetime | None = None) -> AuditKeeper:
    """Records with the time `at`; that of the database, unless it is given."""

    async def time(_work: Work) -> datetime:
        assert at is not None
        return at

    return AuditKeeper(KEY_ENCRYPTION_SECRET) if at is None else AuditKeeper(KEY_ENCRYPTION_SECRET, time)


async def keep(database: Database, *records: AuditRecord, at: datetime | None = None) -> None:
    async with database.system_work() as work:
        await keeper(at).keep(work, records)


async def keep_plain(database: Database, tenant_id: UUID, *records: AuditRecord) -> None:
    """As they were kept before personal fields were sealed."""
    rows = [
        stored(one, form=Form.PLAIN, ip=one.ip, user_agent=one.user_agent, request_body=one.request_body)
        for one in records
    ]
    async with database.system_work() as work:
        end = (await lock_chains(work, [tenant_id]))[tenant_id].end
        await add_entries(work, [(tenant_id, entry) for entry in chained(end, tenant_id, rows)])


async def tell(bus: Bus, *records: AuditRecord) -> None:
    await bus.publish([batch_of(*records)])


async def count_entries(database: Database) -> int:
    [row] = await database.system_rows("select count(*) as number from audit_logs")
    number: int = row["number"]
    return number
