"""Every queue at RabbitMQ has a limit in messages and bytes, and somebody is told when half of it is used."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from auth_service.events_in import AUDIT_QUEUE
from deploy.local.rabbitmq import RabbitMQNode
from gateway.audit.trail import KEPT_OF_STRANGERS
from shared.events.topics import KEEPERS
from shared.messaging.bus import Binding, QueueSpec
from shared.messaging.queues import CONSUMER_QUEUES, dead_queue_of, queue_of
from shared.messaging.rabbitmq.bus import RabbitBus
from shared.messaging.rabbitmq.policies import (
    AUDIT_MESSAGES_AT_HALF,
    DEAD_LETTERS,
    EVENTS,
    POLICIES,
    rendered,
)
from shared.testing.eventually import eventually

DEPLOY = Path(__file__).parents[1]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[RabbitMQNode]:
    async with RabbitMQNode(tmp_path / "rabbitmq") as broker:
        yield broker


def test_the_file_for_operators_is_up_to_date() -> None:
    assert (DEPLOY / "rabbitmq" / "definitions.json").read_text() == rendered()


@pytest.mark.parametrize("queue", [*CONSUMER_QUEUES, *map(dead_queue_of, CONSUMER_QUEUES), "auth.events.retry.1000ms"])
def test_one_policy_is_for_each_queue(queue: str) -> None:
    [policy] = [policy for policy in POLICIES if re.search(policy.pattern, queue)]

    assert policy.rejects, "what the outbox or a consumer still has is kept, not lost"


def test_alerts_come_at_half_of_the_limits() -> None:
    text = (DEPLOY / "observability" / "queue_alerts.yaml").read_text()
    rules = dict(re.findall(r"- alert: (\w+)\n +expr: (.+)\n", text))

    assert rules["TesseraQueueHalfFull"].endswith(f"> {EVENTS // 2}")
    assert rules["TesseraDeadLettersHalfFull"].endswith(f"> {DEAD_LETTERS // 2}")
    audit = f'tessera_queue_messages{{queue="{queue_of(AUDIT_QUEUE)}"}}) > {AUDIT_MESSAGES_AT_HALF}'
    assert rules["TesseraAuditQueueHalfFull"].endswith(audit)


def test_somebody_is_told_before_and_when_audit_records_are_lost() -> None:
    text = (DEPLOY / "observability" / "queue_alerts.yaml").read_text()
    rules = dict(re.findall(r"- alert: (\w+)\n +expr: (.+)\n", text))

    assert rules["TesseraAuditWaits"].endswith(f"(tessera_audit_waiting) > {KEPT_OF_STRANGERS // 2}")
    assert rules["TesseraAuditDropped"] == "sum(increase(tessera_audit_dropped_total[10m])) > 0"


@pytest.mark.slow
async def test_a_broker_of_ours_limits_every_queue_that_a_service_declares(broker: RabbitMQNode) -> None:
    bus = RabbitBus(broker.url, "node", retry_delays=(1.0,))
    await bus.start()
    await eventually(lambda: bus.is_connected, within=10)
    events = [Binding(service, "#") for service in sorted(set(KEEPERS.values()))]

    async def put_off(deliveries) -> None:  # type: ignore[no-untyped-def]
        for delivery in deliveries:
            await delivery.retry(1)

    async def answer(_operation: str, body: bytes) -> bytes:
        return body

    await bus.consume(QueueSpec("project.events", tuple(events)), put_off)
    await bus.tap("live", events, lambda _: None, lambda: None)
    await bus.on_signal("#", lambda *_: None)
    await bus.serve("project", answer)
    queues = await declared(broker)
    await bus.close()

    assert {name.split(".")[0] for name in queues} == {"project", "tap", "signals", "answers", "tessera"}
    assert all(policy.startswith("tessera-") for policy in queues.values()), queues


async def declared(broker: RabbitMQNode) -> dict[str, str]:
    """Every queue with its policy."""
    rows = json.loads(await broker.control("list_queues", "name", "policy", "--formatter", "json"))
    return {row["name"]: row["policy"] for row in rows}
