"""The inbox: an event has its effect once per consumer, however often it is delivered."""

import asyncio
from datetime import UTC, datetime

import pytest
from sample_service.notes import add_note, titles

from shared.db.databases import Database
from shared.db.portions import Portion
from shared.ids import new_id
from shared.messaging.inbox import Inbox
from shared.messaging.retention import INBOX

TENANT = new_id()


async def test_ten_deliveries_at_once_have_one_effect(database: Database) -> None:
    event_id = new_id()

    async def deliver() -> bool:
        async with database.unit_of_work(TENANT) as work:
            is_first = bool(await Inbox().remember(work, "counter", [event_id]))
            if is_first:
                await add_note(work)
            return is_first

    outcomes = await asyncio.gather(*(deliver() for _ in range(10)))

    assert sorted(outcomes) == [False] * 9 + [True]
    async with database.unit_of_work(TENANT) as work:
        assert len(await titles(work)) == 1


async def test_a_failed_effect_is_not_remembered(database: Database) -> None:
    event_id = new_id()

    async def fail() -> None:
        async with database.unit_of_work(TENANT) as work:
            await Inbox().remember(work, "counter", [event_id])
            raise LookupError

    with pytest.raises(LookupError):
        await fail()

    async with database.unit_of_work(TENANT) as work:
        assert await Inbox().remember(work, "counter", [event_id])


async def test_of_many_events_the_new_ones_are_named_once_each(database: Database) -> None:
    known, first, second = new_id(), new_id(), new_id()
    async with database.unit_of_work(TENANT) as work:
        await Inbox().remember(work, "counter", [known])

        new = await Inbox().remember(work, "counter", [first, known, second, first])

    assert new == {first, second}


@pytest.mark.parametrize(
    ("state", "is_applied"), [("open", True), ("closed", True), ("deleted", False), ("erased", False)]
)
async def test_of_a_deleted_tenant_no_event_is_new(database: Database, state: str, is_applied: bool) -> None:
    async with database.unit_of_work(TENANT) as work:
        await work.execute("insert into tenant_closures values ($1, $2, now())", TENANT, state)

    async with database.unit_of_work(TENANT) as work:
        here = await Inbox().remember(work, "counter", [new_id()])
    async with database.unit_of_work(new_id()) as work:
        elsewhere = await Inbox().remember(work, "counter", [new_id()])

    assert bool(here) is is_applied
    assert elsewhere


async def test_consumers_remember_apart(database: Database) -> None:
    event_id = new_id()
    async with database.system_work() as work:
        assert await Inbox().remember(work, "counter", [event_id])
        assert await Inbox().remember(work, "mailer", [event_id])
        assert not await Inbox().remember(work, "mailer", [event_id])


async def test_old_entries_are_forgotten(database: Database) -> None:
    async with database.system_work() as work:
        await Inbox().remember(work, "counter", [new_id()])
        await work.execute("update inbox set applied_at = now() - interval '8 days'")
        await Inbox().remember(work, "counter", [new_id()])

        assert await INBOX.begin()(work, datetime.now(UTC)) == Portion(1, is_last=True)
