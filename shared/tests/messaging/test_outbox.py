"""The outbox: what is committed is published, what is not is not, and every topic counts without a gap."""

import asyncio
import random

import msgspec
import pytest
from sample_service.notes import NoteAdded, add_note

from shared.db.databases import Database
from shared.events.auth import TenantCreated
from shared.ids import new_id

TENANT = new_id()


async def test_events_are_stored_with_their_places(database: Database) -> None:
    actor = new_id()
    async with database.unit_of_work(TENANT, actor_id=actor) as work:
        first = work.publish(NoteAdded(note_id=new_id()), topics=["b", "a", "b"], subject="one")
        second = work.publish(NoteAdded(note_id=new_id()), topics=["b"], subject="two")
        work.publish(NoteAdded(note_id=new_id()), topics=[], subject="three")

    rows = await database.system_rows("select * from outbox order by seq")
    assert [row["subject"] for row in rows] == ["one", "two", "three"]
    assert [msgspec.json.decode(row["topics"]) for row in rows] == [
        [{"topic": "a", "offset": 1}, {"topic": "b", "offset": 1}],
        [{"topic": "b", "offset": 2}],
        [],
    ]
    assert [row["id"] for row in rows[:2]] == [first, second]
    assert {(row["tenant_id"], row["actor_id"], row["sent_at"]) for row in rows} == {(TENANT, actor, None)}


async def test_what_live_clients_never_see_leaves_no_hole_in_a_topic(database: Database) -> None:
    made = TenantCreated(tenant_id=TENANT, name="", owner_id=new_id())

    async with database.unit_of_work(TENANT) as work:
        with pytest.raises(ValueError, match="topic"):
            work.publish(made, topics=["a"], subject="x")


async def test_a_transaction_that_is_rolled_back_publishes_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.unit_of_work(TENANT) as work:
            work.publish(NoteAdded(note_id=new_id()), topics=["a"], subject="x")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    assert await database.system_rows("select id from outbox") == []
    assert await database.system_rows("select topic from topic_offsets") == []


async def test_tenants_count_their_topics_apart(database: Database) -> None:
    for tenant in (TENANT, new_id()):
        async with database.unit_of_work(tenant) as work:
            work.publish(NoteAdded(note_id=new_id()), topics=["a"], subject="x")
    async with database.system_work() as work:
        work.publish(NoteAdded(note_id=new_id()), topics=["a"], subject="x", tenant_id=TENANT)
        work.publish(NoteAdded(note_id=new_id()), topics=["a"], subject="x")

    offsets = await database.system_rows("select last_offset from topic_offsets order by last_offset")
    assert [row["last_offset"] for row in offsets] == [1, 1, 2]


async def test_a_commit_with_events_wakes_the_relay_and_no_other_does(database: Database) -> None:
    wakes: list[str] = []
    database.on_commit_with_events.append(lambda: wakes.append("up"))

    async with database.unit_of_work(TENANT) as work:
        await add_note(work)
    async with database.unit_of_work(TENANT) as work:
        work.publish(NoteAdded(note_id=new_id()), topics=["a"], subject="x")

    assert wakes == ["up"]


async def test_offsets_have_no_gap_and_rise_in_commit_order(database: Database) -> None:
    chance = random.Random(3)
    topics = ["red", "green", "blue"]
    outcomes: list[BaseException | None] = []

    async def write(writer: int, number: int) -> None:
        async with database.unit_of_work(TENANT) as work:
            note = await add_note(work)
            for _ in range(chance.randint(1, 3)):
                chosen = chance.sample(topics, chance.randint(1, 3))
                work.publish(NoteAdded(note_id=note["id"], writer=writer, number=number), topics=chosen, subject="x")
            if chance.random() < 0.2:
                raise LookupError

    async def writer(name: int) -> None:
        for number in range(30):
            task = asyncio.create_task(write(name, number))
            if chance.random() < 0.2:
                await asyncio.sleep(chance.uniform(0, 0.02))
                task.cancel()
            outcomes.extend(await asyncio.gather(task, return_exceptions=True))

    await asyncio.gather(*(writer(name) for name in range(20)))

    assert {type(outcome) for outcome in outcomes} == {type(None), LookupError, asyncio.CancelledError}
    for topic in topics:
        rows = await database.system_rows(
            'select t."offset", e.seq, e.data '
            'from outbox_topics t join outbox e on e.id = t.event_id where t.topic = $1 order by t."offset"',
            topic,
        )
        [last] = await database.system_rows("select last_offset from topic_offsets where topic = $1", topic)
        assert len(rows) > 200
        assert [row["offset"] for row in rows] == list(range(1, last["last_offset"] + 1))
        assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
        assert _numbers_rise_per_writer(rows)


def _numbers_rise_per_writer(rows: list[dict[str, object]]) -> bool:
    """A writer's next transaction begins after its last one was committed: its numbers show the commit order."""
    last: dict[int, int] = {}
    for row in rows:
        data = msgspec.json.decode(row["data"], type=NoteAdded)  # type: ignore[arg-type]
        if data.number < last.get(data.writer, -1):
            return False
        last[data.writer] = data.number
    return True
