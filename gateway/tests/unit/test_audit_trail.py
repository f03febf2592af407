"""Audit records wait for the broker up to a bound, are sent once it is there, and never hold anybody up."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from gateway.audit import trail as module
from gateway.audit.aggregation import ACTION, ELSEWHERE, MOST_GROUPS, MOST_KINDS
from gateway.audit.sightings import Sighting
from gateway.audit.trail import AuditTrail
from gateway.route_table import ROWS
from shared.audit import AuditSubject
from shared.events.envelope import decode
from shared.events.gateway import AuditRecord, AuditRecorded, Outcome
from shared.messaging.bus import Binding, Delivery, OutgoingMessage, QueueSpec
from shared.messaging.memory import MemoryBus
from shared.messaging.memory_broker import MemoryBroker
from shared.messaging.rabbitmq.policies import AUDIT_MESSAGE_BYTES
from shared.principal import Principal, Role
from shared.supervision import Supervisor
from shared.telemetry.metrics import Metrics
from shared.testing.eventually import eventually

LOGIN = next(row for row in ROWS if row.path == "/api/v1/auth/login")
PROJECTS = next(row for row in ROWS if row.path == "/api/v1/projects")
CALLER = Principal(user_id=uuid4(), tenant_id=uuid4(), session_id=uuid4(), role=Role.DEVELOPER)
MINUTE = 1_800_000_000.0
"""Its first moment, in unix seconds."""


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
        "principal": CALLER,
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

    assert module.record_of(seen(principal=None, subject=subject.encoded().encode())).action == "auth.refresh_reused"
    assert module.record_of(seen(principal=None, subject=b"[1]")).user_id is None


async def test_a_message_is_an_event_of_the_gateway(bus: CountingBus) -> None:
    sent: list[OutgoingMessage] = []
    trail = AuditTrail(bus, Metrics("gateway"))
    bus.publish = lambda messages: _note(sent, messages)  # type: ignore[method-assign]
    trail.note(seen())

    await trail.close()

    assert (sent[0].service, sent[0].type) == ("gateway", "gateway.audit.recorded")


async def test_a_full_batch_is_as_large_as_the_alerts_about_its_queue_take_it_for(bus: CountingBus) -> None:
    sent: list[OutgoingMessage] = []
    trail = AuditTrail(bus, Metrics("gateway"))
    bus.publish = lambda messages: _note(sent, messages)  # type: ignore[method-assign]
    agent = b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
    for _ in range(module.BATCH):
        trail.note(seen(user_agent=agent, path=b"/api/v1/projects/019f0000-0000-7000-8000-000000000000/tasks"))

    await trail.close()

    assert AUDIT_MESSAGE_BYTES / 2 < len(sent[0].body) <= AUDIT_MESSAGE_BYTES


async def test_lost_records_are_counted_from_zero(bus: CountingBus) -> None:
    """A counter that first appears with a number has not risen, for a rule that looks at increases."""
    metrics = Metrics("gateway")
    AuditTrail(bus, metrics)

    lines = [line for line in metrics.render().decode().splitlines() if line.startswith("tessera_audit_dropped_total")]
    assert sorted(lines) == [
        f'tessera_audit_dropped_total{{reason="{reason}"}} 0.0' for reason in ("defect", "full", "stopped")
    ]


async def _note(sent: list[OutgoingMessage], messages: Any) -> None:
    sent += messages


def refused(**changes: Any) -> Sighting:
    """Of a stranger."""
    return seen(**({"principal": None, "status": 401, "method": "GET", "body": None, "body_size": 0} | changes))


async def records_of(bus: CountingBus, listening: Listening, *sightings: Sighting) -> list[AuditRecord]:
    """All that a gateway records of them; their minute is over."""
    trail = AuditTrail(bus, Metrics("gateway"))
    for sighting in sightings:
        trail.note(sighting)
    expected = trail.waiting
    trail.start(Supervisor())
    await eventually(lambda: len(listening.records) == expected, within=10)
    await trail.close()
    return listening.records


async def test_ten_thousand_refusals_of_a_stranger_are_one_record_a_minute(
    bus: CountingBus, listening: Listening
) -> None:
    refusals = [refused(at=MINUTE + number / 100, status=401 + 28 * (number % 10 == 0)) for number in range(10_000)]

    first, second = await records_of(bus, listening, *refusals)

    assert first.aggregate is not None
    assert second.aggregate is not None
    assert (first.action, first.outcome, first.tenant_id, first.user_id) == (ACTION, Outcome.DENIED, None, None)
    assert (first.aggregate.count, second.aggregate.count) == (6_000, 4_000)
    assert first.aggregate.statuses == {"401": 5_400, "429": 600}
    assert first.aggregate.endpoints == ("GET /api/v1/projects",)
    assert first.aggregate.first == datetime.fromtimestamp(MINUTE, UTC)
    assert first.aggregate.last == datetime.fromtimestamp(MINUTE + 59.99, UTC)


async def test_one_refusal_is_recorded_as_it_was(bus: CountingBus, listening: Listening) -> None:
    (record,) = await records_of(bus, listening, refused(at=MINUTE, path=b"/api/v1/projects/1/tasks"))

    assert (record.action, record.endpoint, record.aggregate) == ("task.list", "/api/v1/projects/1/tasks", None)


async def test_addresses_are_aggregated_as_limits_count_them(bus: CountingBus, listening: Listening) -> None:
    addresses = ("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")

    records = await records_of(bus, listening, *(refused(at=MINUTE, address=address) for address in addresses))

    assert [record.ip for record in records] == ["192.0.2.1", "192.0.2.2", "2001:db8::/64", "2001:db8:0:1::/64"]


async def test_what_nobody_is_known_by_is_aggregated_whatever_came_of_it(
    bus: CountingBus, listening: Listening
) -> None:
    forgot = [refused(at=MINUTE, status=204, row=LOGIN, path=b"/api/v1/auth/login") for _ in range(20)]

    (record,) = await records_of(bus, listening, *forgot)

    assert record.aggregate is not None
    assert (record.aggregate.count, record.outcome) == (20, Outcome.SUCCESS)


async def test_failed_sign_ins_to_a_known_account_stay_single_records(bus: CountingBus, listening: Listening) -> None:
    subject = AuditSubject(uuid4(), uuid4()).encoded().encode()
    failed = refused(at=MINUTE, subject=subject, row=LOGIN, path=b"/api/v1/auth/login", method="POST")

    records = await records_of(bus, listening, failed, failed, failed)

    assert [(record.action, record.aggregate) for record in records] == [("auth.login", None)] * 3


async def test_what_is_beyond_an_accounts_limits_is_one_record_of_that_account(
    bus: CountingBus, listening: Listening
) -> None:
    other = msgspec.structs.replace(CALLER, user_id=uuid4(), session_id=uuid4())
    limited = [seen(at=MINUTE, status=429) for _ in range(500)]

    of_caller, of_other = await records_of(bus, listening, *limited, seen(at=MINUTE, status=429, principal=other))

    assert of_caller.aggregate is not None
    assert of_caller.aggregate.count == 500
    assert (of_caller.tenant_id, of_caller.user_id, of_caller.outcome) == (
        CALLER.tenant_id,
        CALLER.user_id,
        Outcome.LIMITED,
    )
    assert (of_other.user_id, of_other.aggregate) == (other.user_id, None)


async def test_strangers_take_no_place_from_a_callers_record(
    bus: CountingBus, broker: MemoryBroker, listening: Listening
) -> None:
    metrics = Metrics("gateway")
    trail = AuditTrail(bus, metrics, kept=10, kept_of_strangers=10)
    broker.interrupt()
    subject = AuditSubject(uuid4(), uuid4()).encoded().encode()

    for number in range(1_000):
        trail.note(refused(at=MINUTE + 60 * number, address=f"192.0.2.{number % 250}"))
        trail.note(refused(at=MINUTE + 60 * number, subject=subject))
    for _ in range(10):
        trail.note(seen())
    broker.restore()
    trail.start(Supervisor())

    await eventually(lambda: len(listening.records) == 20, within=10)
    assert len([one for one in listening.records if one.user_id == CALLER.user_id]) == 10
    await trail.close()
    assert value(metrics, "tessera_audit_dropped_total") == 2 * 1_000 - 10


async def test_more_addresses_than_have_room_are_recorded_together(bus: CountingBus, listening: Listening) -> None:
    addresses = [f"10.0.{number // 250}.{number % 250}" for number in range(MOST_GROUPS + 500)]

    records = await records_of(bus, listening, *(refused(at=MINUTE, address=address) for address in addresses))

    others = records[-1]
    assert len(records) == MOST_GROUPS + 1
    assert others.aggregate is not None
    assert (others.ip, others.user_agent, others.aggregate.count) == (ELSEWHERE, None, 500)


async def test_more_kinds_of_requests_than_are_named_are_counted(bus: CountingBus, listening: Listening) -> None:
    rows = [row for row in ROWS if row.path.startswith("/api/v1/")][: MOST_KINDS + 5]

    (record,) = await records_of(bus, listening, *(refused(at=MINUTE, row=row, status=403) for row in rows))

    assert record.aggregate is not None
    assert (len(record.aggregate.endpoints), record.aggregate.other_endpoints) == (MOST_KINDS, 5)
    assert record.aggregate.statuses == {"403": MOST_KINDS + 5}


async def test_the_end_of_a_minute_sends_its_groups(bus: CountingBus, listening: Listening) -> None:
    trail = AuditTrail(bus, Metrics("gateway"))
    trail.start(Supervisor())
    trail.note(refused(at=MINUTE))

    await eventually(lambda: len(listening.records) == 1, within=5)

    assert trail.waiting == 0
    await trail.close()
