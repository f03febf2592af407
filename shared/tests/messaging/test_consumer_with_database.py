"""The consumer over a real database: effect and memory of the event are one transaction, inside the tenant's wall."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
import pytest
from consumer_fakes import FakeDelivery
from sample_service.notes import NoteAdded, add_note, titles

from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.envelope import Envelope, encode
from shared.events.registry import Registry
from shared.ids import new_id
from shared.messaging.consumer import Consumers
from shared.messaging.inbox import Inbox
from shared.telemetry.metrics import Metrics


@pytest.fixture
def consumers(database: Database) -> Consumers:
    return Consumers(database, Inbox(), Registry([NoteAdded]), "reader", Metrics("reader"))


def note_added(tenant_id: UUID) -> bytes:
    data = msgspec.Raw(msgspec.json.encode(NoteAdded(note_id=new_id())))
    envelope = Envelope(
        id=new_id(),
        source="sample",
        type=NoteAdded.type,
        subject="note",
        time=datetime.now(UTC),
        data=data,
        tenantid=tenant_id,
    )
    return encode(envelope)


async def titles_of(database: Database, tenant_id: UUID) -> list[str]:
    async with database.unit_of_work(tenant_id) as work:
        return await titles(work)


async def test_an_event_delivered_twice_writes_once(consumers: Consumers, database: Database) -> None:
    tenant = new_id()

    async def copy_note(work: Work, event: NoteAdded, _: Envelope) -> None:
        await add_note(work, title=f"copy of {event.note_id}")

    consumers.on(NoteAdded, copy_note)
    body = note_added(tenant)
    deliveries = [FakeDelivery(body), FakeDelivery(body)]
    for delivery in deliveries:
        await consumers.receive([delivery])

    assert [delivery.settled for delivery in deliveries] == [("ack",), ("ack",)]
    assert len(await titles_of(database, tenant)) == 1


async def test_a_failed_handler_leaves_nothing_and_may_try_again(consumers: Consumers, database: Database) -> None:
    tenant, failures = new_id(), [ValueError("once")]

    async def fail_once(work: Work, _: NoteAdded, __: Envelope) -> None:
        await add_note(work, title="copy")
        if failures:
            raise failures.pop()

    consumers.on(NoteAdded, fail_once)
    body = note_added(tenant)
    first, second = FakeDelivery(body), FakeDelivery(body, attempt=2)
    await consumers.receive([first])
    await consumers.receive([second])

    assert (first.settled, second.settled) == (("retry", 1.0, True), ("ack",))
    assert await titles_of(database, tenant) == ["copy"]


async def test_a_message_that_names_a_foreign_tenant_in_its_data_writes_nothing_there(
    consumers: Consumers, database: Database
) -> None:
    mine, foreign = new_id(), new_id()

    async def write_elsewhere(work: Work, _: NoteAdded, __: Envelope) -> None:
        await add_note(work, title="intruder", tenant_id=foreign)

    consumers.on(NoteAdded, write_elsewhere)
    delivery = FakeDelivery(note_added(mine))
    await consumers.receive([delivery])

    assert delivery.settled == ("retry", 1.0, True)
    assert await titles_of(database, foreign) == []
