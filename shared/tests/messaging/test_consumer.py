"""The failure policy: one effect per event, retries with growing delays, and dead letters that tell no secrets."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from bus_networks import until
from consumer_fakes import FakeDatabase, FakeDelivery, FakeInbox, FakeWork

from shared.db.failures import DatabaseUnavailable
from shared.events.changes import Removed
from shared.events.envelope import Envelope, encode
from shared.events.projects import TaskDeleted, TaskUpdated
from shared.events.registry import default_registry
from shared.ids import new_id
from shared.messaging.bus import OutgoingMessage, RequestTimeout, ServiceUnreachable
from shared.messaging.consumer import Consumers
from shared.messaging.memory import MemoryBus
from shared.telemetry.metrics import Metrics
from shared.telemetry.tracing import current_trace

TENANT, ACTOR, TASK = new_id(), new_id(), new_id()


@pytest.fixture
def database() -> FakeDatabase:
    return FakeDatabase()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("reader")


@pytest.fixture
def consumers(database: FakeDatabase, metrics: Metrics) -> Consumers:
    return Consumers(database, FakeInbox(database), default_registry(), "reader", metrics)


def event(event_id: UUID | None = None, tenant_id: UUID | None = TENANT, **changes: object) -> bytes:
    deleted = TaskDeleted(entity_id=TASK, version=3, payload=Removed(TASK))
    envelope = Envelope(
        id=event_id or new_id(),
        source="project",
        type=TaskDeleted.type,
        subject=str(TASK),
        time=datetime.now(UTC),
        data=msgspec.Raw(msgspec.json.encode(deleted)),
        tenantid=tenant_id,
        actorid=ACTOR,
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    return encode(msgspec.structs.replace(envelope, **changes))


async def forget_task(work: FakeWork, event: TaskDeleted, _: Envelope) -> None:
    work.effects.append(f"forgot {event.entity_id}")


async def explode(work: FakeWork, event: TaskDeleted, _: Envelope) -> None:
    work.effects.append("half an effect")
    raise ValueError(f"secret of {event.entity_id}")


async def receive(consumers: Consumers, body: bytes, attempt: int = 1) -> tuple[object, ...]:
    """How the delivery was settled."""
    delivery = FakeDelivery(body, attempt)
    await consumers.receive([delivery])
    return delivery.settled


def outcomes(metrics: Metrics) -> dict[str, float]:
    samples = [sample for metric in metrics.consumed.collect() for sample in metric.samples]
    return {sample.labels["outcome"]: sample.value for sample in samples if sample.name.endswith("_total")}


async def test_an_event_is_applied_in_the_unit_of_work_of_its_tenant(
    consumers: Consumers, database: FakeDatabase
) -> None:
    consumers.on(TaskDeleted, forget_task)

    settled = await receive(consumers, event())

    assert settled == ("ack",)
    assert database.effects == [f"forgot {TASK}"]
    assert [(work.tenant_id, work.actor_id) for work in database.works] == [(TENANT, ACTOR)]


async def test_an_event_of_no_tenant_is_applied_in_system_work(consumers: Consumers, database: FakeDatabase) -> None:
    consumers.on(TaskDeleted, forget_task)

    await receive(consumers, event(tenant_id=None))

    assert [work.tenant_id for work in database.works] == [None]


async def test_the_same_event_twice_has_one_effect(
    consumers: Consumers, database: FakeDatabase, metrics: Metrics
) -> None:
    consumers.on(TaskDeleted, forget_task)
    body = event(event_id=new_id())

    settled = [await receive(consumers, body), await receive(consumers, body)]

    assert settled == [("ack",), ("ack",)]
    assert len(database.effects) == 1
    assert outcomes(metrics) == {"applied": 1, "repeated": 1}


async def receive_together(consumers: Consumers, *bodies: bytes) -> list[tuple[object, ...]]:
    deliveries = [FakeDelivery(body) for body in bodies]
    await consumers.receive(deliveries)
    return [delivery.settled for delivery in deliveries]


async def test_events_of_a_tenant_that_wait_together_share_a_transaction(
    consumers: Consumers, database: FakeDatabase
) -> None:
    other_tenant, actors = new_id(), []

    async def remember(work: FakeWork, event: TaskDeleted, _: Envelope) -> None:
        actors.append(work.actor_id)
        work.effects.append(f"version {event.version}")

    consumers.on(TaskDeleted, remember)
    bodies = [event(actorid=None), event(), event(tenant_id=other_tenant), event()]

    settled = await receive_together(consumers, *bodies)

    assert settled == [("ack",)] * 4
    assert [(work.tenant_id, len(work.effects)) for work in database.works] == [
        (TENANT, 2),
        (other_tenant, 1),
        (TENANT, 1),
    ]
    assert actors == [None, ACTOR, ACTOR, ACTOR]


async def test_one_that_fails_among_others_fails_alone(consumers: Consumers, database: FakeDatabase) -> None:
    poison = event()

    async def fail_for_one(work: FakeWork, _: TaskDeleted, envelope: Envelope) -> None:
        work.effects.append(str(envelope.id))
        if encode(envelope) == poison:
            raise ValueError("no")

    consumers.on(TaskDeleted, fail_for_one)
    first, last = new_id(), new_id()

    settled = await receive_together(consumers, event(first), poison, event(last))

    assert settled == [("ack",), ("retry", 1.0, True), ("ack",)]
    assert database.effects == [str(first), str(last)]


async def test_an_event_that_waits_twice_has_one_effect(
    consumers: Consumers, database: FakeDatabase, metrics: Metrics
) -> None:
    consumers.on(TaskDeleted, forget_task)
    body = event()

    settled = await receive_together(consumers, body, body)

    assert settled == [("ack",)] * 2
    assert len(database.effects) == 1
    assert outcomes(metrics) == {"applied": 1, "repeated": 1}


async def test_what_nobody_can_read_stops_nobody_behind_it(consumers: Consumers, database: FakeDatabase) -> None:
    consumers.on(TaskDeleted, forget_task)

    settled = await receive_together(consumers, b"{}", event(), event(type="project.task.teleported"), event())

    assert [outcome for outcome, *_ in settled] == ["dead", "ack", "ack", "ack"]
    assert len(database.effects) == 2


async def test_two_handlers_of_an_event_share_its_transaction(consumers: Consumers, database: FakeDatabase) -> None:
    consumers.on(TaskDeleted, forget_task)
    consumers.on(TaskDeleted, explode)

    await receive(consumers, event())

    assert database.effects == []


@pytest.mark.parametrize(("attempt", "delay"), [(1, 1.0), (2, 5.0), (3, 30.0), (4, 120.0)])
async def test_a_failure_leaves_no_effect_and_is_retried_later_and_later(
    consumers: Consumers, database: FakeDatabase, attempt: int, delay: float
) -> None:
    consumers.on(TaskDeleted, explode)

    settled = await receive(consumers, event(), attempt)

    assert settled == ("retry", delay, True)
    assert database.effects == []


async def test_the_fifth_failure_is_the_last_and_its_reason_holds_nothing_of_the_message(consumers: Consumers) -> None:
    consumers.on(TaskDeleted, explode)

    settled = await receive(consumers, event(), attempt=5)

    assert settled == ("dead", "ValueError: the handler failed 5 times.")


@pytest.mark.parametrize("failure", [DatabaseUnavailable(), RequestTimeout()])
async def test_a_failing_surrounding_never_uses_up_an_event(
    consumers: Consumers, database: FakeDatabase, failure: Exception
) -> None:
    consumers.on(TaskDeleted, forget_task)
    database.failure = failure

    settled = await receive(consumers, event(), attempt=5)

    assert settled == ("retry", 1.0, False)


async def test_a_handler_that_does_not_end_is_cut_off_and_counts(database: FakeDatabase, metrics: Metrics) -> None:
    inbox = FakeInbox(database)
    consumers = Consumers(database, inbox, default_registry(), "reader", metrics, handler_seconds=0.01)

    async def hang(_work: FakeWork, _event: TaskDeleted, _: Envelope) -> None:
        await asyncio.Event().wait()

    consumers.on(TaskDeleted, hang)

    assert await receive(consumers, event()) == ("retry", 1.0, True)
    assert await receive(consumers, event(), 5) == ("dead", "TimeoutError: the handler failed 5 times.")


async def lack_database(_work: FakeWork, _event: TaskDeleted, _: Envelope) -> None:
    raise DatabaseUnavailable


async def lack_answer(_work: FakeWork, _event: TaskDeleted, _: Envelope) -> None:
    raise RequestTimeout


async def lack_service(_work: FakeWork, _event: TaskDeleted, _: Envelope) -> None:
    raise ServiceUnreachable


@pytest.mark.parametrize(("attempt", "settled"), [
    (1, ("retry", 1.0, True)),
    (11, ("retry", 120.0, True)),
    (12, ("dead", "DatabaseUnavailable: the handler failed 12 times.")),
])  # fmt: skip
async def test_an_event_that_alone_finds_the_database_unavailable_is_used_up(
    consumers: Consumers, database: FakeDatabase, attempt: int, settled: tuple[object, ...]
) -> None:
    consumers.on(TaskDeleted, lack_database)

    assert await receive(consumers, event(), attempt) == settled
    assert database.seen == set()  # the probe has left nothing


async def test_a_request_that_times_out_uses_up_an_event_only_while_others_of_its_type_are_applied(
    consumers: Consumers,
) -> None:
    answers = [lack_answer]

    async def ask(work: FakeWork, event: TaskDeleted, envelope: Envelope) -> None:
        for answer in answers:
            await answer(work, event, envelope)

    consumers.on(TaskDeleted, ask)
    assert await receive(consumers, event(), 12) == ("retry", 1.0, False)

    answers.clear()
    await receive(consumers, event())
    answers.append(lack_answer)
    assert await receive(consumers, event(), 12) == ("dead", "RequestTimeout: the handler failed 12 times.")


@pytest.mark.parametrize(("waited", "settled"), [
    (None, ("retry", 1.0, False)),
    (timedelta(days=2), ("retry", 1.0, False)),
    (timedelta(days=4), ("dead", "ServiceUnreachable: what the handler needs was away for 3 days.")),
])  # fmt: skip
async def test_an_event_waits_three_days_for_a_service_that_is_away(
    consumers: Consumers, waited: timedelta | None, settled: tuple[object, ...]
) -> None:
    consumers.on(TaskDeleted, lack_service)
    delivery = FakeDelivery(event(), 1, datetime.now(UTC) - waited if waited else None)

    await consumers.receive([delivery])

    assert delivery.settled == settled


async def test_an_unknown_event_is_acknowledged_and_counted(consumers: Consumers, metrics: Metrics) -> None:
    settled = await receive(consumers, event(type="project.task.teleported"))

    assert settled == ("ack",)
    assert outcomes(metrics) == {"unknown": 1}


async def test_an_event_whose_handler_is_gone_is_acknowledged(consumers: Consumers, database: FakeDatabase) -> None:
    consumers.on(TaskUpdated, forget_task)

    assert await receive(consumers, event()) == ("ack",)
    assert database.works == []


@pytest.mark.parametrize("body", [b"not json", b"{}", b"\xff", event(data=msgspec.Raw(b'{"entity_id": 1}'))])
async def test_a_message_that_fits_no_contract_is_a_dead_letter_at_once(consumers: Consumers, body: bytes) -> None:
    consumers.on(TaskDeleted, forget_task)

    settled = await receive(consumers, body)

    assert settled == ("dead", "InvalidEvent: the message does not fit its contract.")


async def test_the_trace_of_the_publisher_goes_on_in_the_handler(consumers: Consumers) -> None:
    traces = []

    async def remember(*_: object) -> None:
        trace = current_trace()
        traces.append(trace.trace_id if trace else None)

    consumers.on(TaskDeleted, remember)
    await receive(consumers, event())

    assert traces == ["0af7651916cd43dd8448eb211c80319c"]


async def test_a_cancelled_handler_settles_nothing(consumers: Consumers, database: FakeDatabase) -> None:
    in_hand = asyncio.Event()

    async def hang(*_: object) -> None:
        in_hand.set()
        await asyncio.Event().wait()

    consumers.on(TaskDeleted, hang)
    delivery = FakeDelivery(event())
    receiving = asyncio.create_task(consumers.receive([delivery]))
    await in_hand.wait()
    receiving.cancel()
    await asyncio.wait([receiving])

    assert delivery.settled == ()
    assert database.works == []


async def test_a_started_consumer_hears_exactly_the_events_it_registered(
    consumers: Consumers, database: FakeDatabase, metrics: Metrics
) -> None:
    bus = MemoryBus()
    await bus.start()
    consumers.on(TaskDeleted, forget_task)
    await consumers.start(bus)

    await bus.publish([OutgoingMessage("project", TaskUpdated.type, new_id(), event(type=TaskUpdated.type))])
    await bus.publish([OutgoingMessage("project", TaskDeleted.type, new_id(), event())])

    await until(lambda: len(database.effects) == 1)
    await bus.close()
    assert outcomes(metrics) == {"applied": 1}
