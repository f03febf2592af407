"""What passes the gateway is told to the audit log: who, what, how it ended - and nothing that opens anything."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import msgspec
import pytest
from gateway_stack import Stack, eventually
from recording_services import Recorded, answer_bytes

from shared.audit import SUBJECT_HEADER, AuditSubject
from shared.events.envelope import decode
from shared.events.gateway import AuditRecord, AuditRecorded, Outcome
from shared.introspection import CredentialKind
from shared.messaging.bus import Binding, Delivery, QueueSpec
from shared.messaging.memory import MemoryBus

TASKS = "/api/v1/projects/0198c7f0-0000-7000-8000-000000000001/tasks"


class AuditLog:
    def __init__(self) -> None:
        self.records: list[AuditRecord] = []

    async def receive(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self.records += msgspec.json.decode(decode(delivery.body).data, type=AuditRecorded).records
            await delivery.ack()

    async def the_one(self, **wanted: Any) -> AuditRecord:
        """Waits for it; fails when there is another one like it."""
        await eventually(lambda: self._like(wanted))
        (record,) = self._like(wanted)
        return record

    def _like(self, wanted: dict[str, Any]) -> list[AuditRecord]:
        return [one for one in self.records if all(getattr(one, name) == value for name, value in wanted.items())]


@pytest.fixture
async def log(stack: Stack) -> AsyncIterator[AuditLog]:
    log = AuditLog()
    bus = MemoryBus(stack.broker)
    await bus.start()
    await bus.consume(QueueSpec("audit", (Binding("gateway", "gateway.audit.recorded"),)), log.receive)
    yield log
    await bus.close()


async def send(stack: Stack, method: str, path: str, **options: Any) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{stack.port}{path}", **options) as answer,
    ):
        await answer.read()
        return answer.status


async def test_a_mutation_is_recorded_with_who_did_what(stack: Stack, log: AuditLog) -> None:
    principal = stack.auth.issuer.principal()
    headers = {"Authorization": f"Bearer {stack.auth.issuer.token(principal)}", "User-Agent": "a\tbrowser"}

    await send(stack, "POST", f"{TASKS}?secret=canary", json={"title": "x", "api_key": "canary"}, headers=headers)

    record = await log.the_one(action="task.create")
    assert (record.tenant_id, record.user_id, record.session_id) == (
        principal.tenant_id,
        principal.user_id,
        principal.session_id,
    )
    assert (record.endpoint, record.method, record.status_code, record.outcome) == (TASKS, "POST", 200, "success")
    assert (record.ip, record.user_agent) == ("127.0.0.1", "a browser")
    assert record.request_body == '{"title":"x","api_key":"[redacted]"}'
    assert record.request_bytes == len('{"title": "x", "api_key": "canary"}')
    assert record.response_ms > 0
    assert "canary" not in str(log.records)


async def test_reading_is_recorded_too_and_so_is_the_key_it_was_done_with(stack: Stack, log: AuditLog) -> None:
    principal = stack.auth.issue(CredentialKind.API_KEY, "tsk_canary", scopes=("tasks:read",))

    await send(stack, "GET", TASKS, headers={"X-API-Key": "tsk_canary"})
    await send(stack, "POST", TASKS, json={}, headers={"X-API-Key": "tsk_canary"})

    read = await log.the_one(action="task.list", outcome=Outcome.SUCCESS)
    refused = await log.the_one(action="task.create", outcome=Outcome.DENIED)
    assert (read.api_key_id, read.session_id) == (principal.session_id, None)
    assert refused.status_code == 403
    assert "tsk_" not in str(log.records)


async def test_failed_authentication_is_recorded_without_a_name(stack: Stack, log: AuditLog) -> None:
    await send(stack, "GET", TASKS)
    await send(stack, "DELETE", f"{TASKS}/1", headers={"Authorization": "Bearer eyJcanary.eyJcanary.canary"})

    await stack.stop()

    record = await log.the_one(action="request.aggregate")
    assert record.aggregate is not None
    assert (record.status_code, record.outcome, record.user_id) == (401, "denied", None)
    assert (record.aggregate.count, record.aggregate.statuses) == (2, {"401": 2})
    assert record.aggregate.endpoints == ("DELETE /api/v1/projects", "GET /api/v1/projects")
    assert "canary" not in str(log.records)


async def test_auth_service_names_who_came_and_nobody_outside_sees_it(stack: Stack, log: AuditLog) -> None:
    principal = stack.auth.issuer.principal()
    subject = AuditSubject(principal.tenant_id, principal.user_id, None, "auth.refresh_reused").encoded()
    line = f"HTTP/1.1 401 X\r\n{SUBJECT_HEADER}: {subject}\r\nContent-Length: 0\r\n\r\n"

    async def refuse(_request: Recorded, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(line.encode())

    stack.auth.elsewhere = refuse
    answer = await stack.raw(
        b"POST /api/v1/auth/refresh HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Tessera-Audit: forged\r\n"
        b'Content-Type: application/json\r\nContent-Length: 26\r\n\r\n{"refresh_token":"canary"}'
    )

    record = await log.the_one(action="auth.refresh_reused")
    assert (record.tenant_id, record.user_id, record.outcome) == (principal.tenant_id, principal.user_id, "denied")
    assert (record.request_body, record.request_bytes) == (None, 26)
    assert b"tessera-audit" not in answer.lower()
    assert all(not request.all(b"x-tessera-audit") for request in stack.auth.requests)


async def test_other_services_cannot_name_anybody(stack: Stack, log: AuditLog) -> None:
    principal, other = stack.auth.issuer.principal(), stack.auth.issuer.principal()
    subject = AuditSubject(other.tenant_id, other.user_id).encoded()
    stack.project.answer = answer_bytes(
        f"HTTP/1.1 200 OK\r\n{SUBJECT_HEADER}: {subject}\r\nContent-Length: 0\r\n\r\n".encode()
    )

    await send(stack, "GET", TASKS, headers={"Authorization": f"Bearer {stack.auth.issuer.token(principal)}"})

    assert (await log.the_one(action="task.list")).user_id == principal.user_id


async def test_leaving_before_the_answer_hides_nothing(stack: Stack, log: AuditLog) -> None:
    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    stack.project.answer = never
    token = stack.auth.issuer.token()
    _, writer = await asyncio.open_connection("127.0.0.1", stack.port)
    writer.write(f"DELETE {TASKS}/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    await eventually(lambda: stack.project.requests)

    writer.close()

    record = await log.the_one(action="task.delete")
    assert (record.status_code, record.outcome) == (499, "failed")
    assert record.user_id is not None


async def test_a_large_body_is_recorded_as_its_size(stack: Stack, log: AuditLog) -> None:
    await send(stack, "POST", TASKS, json={"title": "x" * 5000}, headers=stack.bearer())

    record = await log.the_one(action="task.create")
    assert (record.request_body, record.request_bytes) == (None, 5013)


async def test_public_reading_and_what_does_not_exist_are_not_recorded(stack: Stack, log: AuditLog) -> None:
    await send(stack, "GET", "/.well-known/jwks.json")
    await send(stack, "GET", "/health")
    await send(stack, "POST", "/api/v1/nothing", headers=stack.bearer())
    await send(stack, "OPTIONS", TASKS, headers={"Origin": "x", "Access-Control-Request-Method": "GET"})

    await send(stack, "DELETE", f"{TASKS}/1", headers=stack.bearer())

    await log.the_one(action="task.delete")
    assert len(log.records) == 1


async def test_what_is_under_way_at_the_stop_is_told(stack: Stack, log: AuditLog) -> None:
    await send(stack, "DELETE", f"{TASKS}/1", headers=stack.bearer())

    await stack.stop()

    await log.the_one(action="task.delete")
