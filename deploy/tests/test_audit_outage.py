"""A broker that is killed costs the audit log nothing that fits into the gateway's queue."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from deploy.local.rabbitmq import RabbitMQNode
from gateway.audit.sightings import Sighting
from gateway.audit.trail import AuditTrail
from gateway.route_table import ROWS
from shared.events.envelope import decode
from shared.events.gateway import AuditRecorded
from shared.messaging.bus import Binding, Delivery, QueueSpec
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.principal import Principal, Role
from shared.supervision import Supervisor
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually

pytestmark = pytest.mark.slow

AUDIT = QueueSpec("auth.audit.events", (Binding("gateway", AuditRecorded.type),))
PROJECTS = next(row for row in ROWS if row.path == "/api/v1/projects")
CALLER = Principal(user_id=uuid4(), tenant_id=uuid4(), session_id=uuid4(), role=Role.DEVELOPER)
RECORDS = 2_000


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[RabbitMQNode]:
    async with RabbitMQNode(tmp_path / "rabbitmq") as broker:
        yield broker


def seen(number: int) -> Sighting:
    path = b"/api/v1/projects/1"
    return Sighting(0.0, "DELETE", path, PROJECTS, 204, CALLER, None, "", b"", None, 0, 0.0, f"{number:032}")


async def test_what_is_noted_while_the_broker_is_down_arrives_once_it_is_back(broker: RabbitMQNode) -> None:
    arrived: set[str] = set()

    async def receive(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            batch = msgspec.json.decode(decode(delivery.body).data, type=AuditRecorded)
            arrived.update(record.trace_id for record in batch.records)
            await delivery.ack()

    gateway, auth = RabbitBus(broker.url, "gateway"), RabbitBus(broker.url, "auth")
    await auth.consume(AUDIT, receive)
    for bus in (auth, gateway):
        await bus.start()
    await eventually(lambda: auth.is_connected and gateway.is_connected, within=20)
    await eventually(broker.has_its_queues_on_disk, within=20)
    trail = AuditTrail(gateway, Metrics("gateway"))
    trail.start(Supervisor())

    for number in range(RECORDS):
        trail.note(seen(number))
        if number == RECORDS // 2:
            await broker.kill()
    await broker.start()

    await eventually(lambda: len(arrived) == RECORDS, within=60)
    await trail.close()
    for bus in (gateway, auth):
        await bus.close()
