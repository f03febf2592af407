"""Audit records wait for the broker up to a bound, are sent once it is there, and never hold anybody up."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest

from gateway.audit import trail as module
from gateway.audit.sightings import Sighting
from gateway.audit.trail import AuditTrail
from gateway.route_table import ROWS
from shared.audit import AuditSubject
from shared.events.envelope import decode
from shared.events.gateway import AuditRecord, AuditRecorded, Outcome
from shared.messaging.bus import Binding, Delivery, OutgoingMessage, QueueSpec
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.supervision import Supervisor
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually

LOGIN = next(row for row in ROWS if row.path == "/api/v1/auth/login")
PROJECTS = next(row for row in ROWS if row.path == "/api/v1/projects")


class Listening:
    """Stands where auth-service would."""

    def __init__(self) -> None:
        self.batches: list[tuple[AuditRecord, ...]] = []
        self.ids: list[object] = []

    async def receive(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            envelope = decode(delivery.body)
            self.batches.append(msgspec.json.decode(envelope.data, type=AuditRecorded).records)
            self.ids.append(envelope.id)
            await delivery.ack()

    @property
    def records(self) -> list[AuditRecord]:
        return [record for batch in self.batches for record in batch]


class CountingBus(MemoryBus):
    """Takes what it is given and says that it did not, as often as it is told to."""

    lies = 0

    async def publish(self, messages: Any) -> None:
        await super().publish(messages)
        if self.lies:
            self.lies -= 1
            raise module.PublishFailed("the confirmation was lost")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(module, "FLUSH_SECONDS", 0.2)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
async def bus(broker: MemoryBroker) -> AsyncIterator[CountingBus]:
    bus = CountingBus(broker)
    await bus.start()
    yield bus
    await bus.close()


@pytest.fixture
async def listening(bus: CountingBus) -> Listening:
    listening = Listening()
    await bus.consume(QueueSpec("test", (Binding("gateway", "gateway.#"),)), listening.receive)
    return listening


def seen(**changes: Any) -> Sighting:
    given: dict[str, Any] = {
        "at": 1_764_000_000.25,
        "method": "PATCH",
        "path": b"/api/v1/projects/1/tasks/2",
        "row": PROJECTS,
        "status": 200,
        "principal": None,
        "subject": None,
        "address": "203.0.113.7",
        "user_agent": b"a browser",
        "body": b'{"title": "x", "token": "canary"}',
        "body_size": 33,
        "seconds": 0.0015,
        "trace_id": "0" * 32,
    }
    return Sighting(**(given | changes))


def value(metrics: Metrics, name: str) -> float:
    return sum(float(line.split()[-1]) for line in metrics.render().decode().splitlines() if line.startswith(name))


async def test_what_is_noted_arrives_in_order_and_in_batches(bus: CountingBus, listening: Listening) -> None:
    trail = AuditTrail(bus, Metrics("gateway"))
    for number in range(600):
        trail.note(seen(trace_id=f"{number:032}"))
    trail.start(Supervisor())

    await eventually(lambda: len(listening.records) == 600, within=5)

    assert [int(record.trace_id) for record in listening.records] == list(range(600))
    assert [len(batch) for batch in listening.batches] == [250, 250, 100]
    await trail.close()


async def test_nothing_is_lost_while_the_broker_is_away_and_what_does_not_fit_is_counted(
    bus: CountingBus, broker: MemoryBroker, listening: Listening
) -> None:
    metrics = Metrics("gateway")
    trail = AuditTrail(bus, metrics, kept=10)
    broker.interrupt()
    for number in range(13):
        trail.note(seen(trace_id=f"{number:032}"))
    trail.start(Supervisor())
    await eventually(lambda: value(metrics, "tessera_audit_dropped_total") == 3)

    broker.restore()

    await eventually(lambda: len(listening.records) == 10)
    assert [int(record.trace_id) for record in listening.records] == list(range(10))
    await trail.close()


async def test_a_batch_of_unknown_fate_is_repeated_under_its_id(bus: CountingBus, listening: Listening) -> None:
    bus.lies = 2
    trail = AuditTrail(bus, Metrics("gateway"))
    trail.note(seen())
    trail.start(Supervisor())

    await eventually(lambda: len(listening.batches) == 3)

    assert len(set(listening.ids)) == 1
    assert len({record.id for record in listening.records}) == 1
    await trail.close()


async def test_the_stop_sends_what_waits(bus: CountingBus, listening: Listening) -> None:
    trail = AuditTrail(bus, Metrics("gateway"))
    trail.start(Supervisor())
    for _ in range(300):
        trail.note(seen())

    await trail.close()

    await eventually(lambda: len(listening.records) == 300)


async def test_the_stop_does_not_wait_for_a_broker_that_is_away(bus: CountingBus, broker: MemoryBroker) -> None:
    metrics = Metrics("gateway")
    trail = AuditTrail(bus, metrics)
    trail.start(Supervisor())
    trail.note(seen())
    broker.interrupt()

    await trail.close()

    assert value(metrics, "tessera_audit_dropped_total") == 1


async def test_one_sighting_that_cannot_be_recorded_takes_no_other_with_it(
    bus: CountingBus, listening: Listening
) -> None:
    trail = AuditTrail(bus, Metrics("gateway"))
    for sighting in (seen(), seen(seconds="not a number"), seen()):
        trail.note(sighting)

    await trail.close()

    await eventually(lambda: len(listening.records) == 2)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (101, Outcome.SUCCESS),
        (204, Outcome.SUCCESS),
        (304, Outcome.SUCCESS),
        (401, Outcome.DENIED),
        (403, Outcome.DENIED),
        (404, Outcome.FAILED),
        (429, Outcome.LIMITED),
        (499, Outcome.FAILED),
        (502, Outcome.FAILED),
    ],
)
async def test_the_outcome_follows_from_the_status(status: int, outcome: Outcome) -> None:
    assert module.record_of(seen(status=status)).outcome is outcome


async def test_a_record_keeps_bodies_of_listed_things_only_and_none_of_auth() -> None:
    kept = module.record_of(seen()).request_body
    comment = module.record_of(seen(path=b"/api/v1/projects/1/comments", method="POST"))
    login = module.record_of(seen(row=LOGIN, path=b"/api/v1/auth/login", method="POST"))

    assert kept == '{"title":"x","token":"[redacted]"}'
    assert (comment.request_body, comment.request_bytes) == (None, 33)
    assert login.request_body is None


async def test_the_subject_of_a_sign_in_is_believed_and_a_broken_one_is_nobody() -> None:
    subject = AuditSubject(None, None, None, "auth.refresh_reused")

    assert module.record_of(seen(subject=subject.encoded().encode())).action == "auth.refresh_reused"
    assert module.record_of(seen(subject=b"[1]")).user_id is None


async def test_a_message_is_an_event_of_the_gateway(bus: CountingBus) -> None:
    sent: list[OutgoingMessage] = []
    trail = AuditTrail(bus, Metrics("gateway"))
    bus.publish = lambda messages: _note(sent, messages)  # type: ignore[method-assign]
    trail.note(seen())

    await trail.close()

    assert (sent[0].service, sent[0].type) == ("gateway", "gateway.audit.recorded")


async def _note(sent: list[OutgoingMessage], messages: Any) -> None:
    sent += messages
