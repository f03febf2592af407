"""The event log answers what a topic's listeners missed, or says that it cannot."""

import pytest
from sample_service.notes import NoteAdded

from shared.db.databases import Database
from shared.ids import new_id
from shared.messaging.event_log import EventLog, WindowPassed

TENANT = new_id()


async def test_a_topic_begins_at_zero(database: Database) -> None:
    log = EventLog(database)

    position = await log.position(TENANT, "a")

    assert (position.offset, len(position.epoch)) == (0, 12)
    assert await log.read(TENANT, "a", 0, 10) == []


async def test_what_was_missed_is_read_in_order(database: Database) -> None:
    await _publish(database, "a", 5)
    log = EventLog(database)

    missed = await log.read(TENANT, "a", 2, 2)

    assert [envelope.topics[0].offset for envelope in missed] == [3, 4]
    assert missed[0].topics[0].epoch == (await log.position(TENANT, "a")).epoch
    assert (await log.position(TENANT, "a")).offset == 5
    assert await log.read(TENANT, "a", 5, 10) == []


async def test_an_answer_is_bounded_in_bytes_and_goes_on_there(database: Database) -> None:
    await _publish(database, "a", 5)
    log = EventLog(database)
    size = len(bytes((await log.read(TENANT, "a", 0, 1))[0].data))

    two = await log.read(TENANT, "a", 0, 10, max_bytes=size + 1)
    one = await log.read(TENANT, "a", 2, 10, max_bytes=1)

    assert [envelope.topics[0].offset for envelope in two] == [1, 2]
    assert [envelope.topics[0].offset for envelope in one] == [3]


async def test_events_of_the_version_before_are_measured_too(database: Database) -> None:
    await _publish(database, "a", 5)
    async with database.system_work() as work:
        await work.execute("update outbox set size = null")

    assert len(await EventLog(database).read(TENANT, "a", 0, 10, max_bytes=1)) == 1


async def test_an_offset_that_was_never_reached_is_not_answered_with_nothing(database: Database) -> None:
    await _publish(database, "a", 2)

    with pytest.raises(WindowPassed):
        await EventLog(database).read(TENANT, "a", 3, 10)


async def test_another_tenant_has_another_log(database: Database) -> None:
    await _publish(database, "a", 2)

    assert await EventLog(database).read(new_id(), "a", 0, 10) == []


async def _publish(database: Database, topic: str | None, count: int) -> None:
    async with database.unit_of_work(TENANT) as work:
        for _ in range(count):
            work.publish(NoteAdded(note_id=new_id()), topics=[topic] if topic else [], subject="note")
