"""What leaves the event log: beyond window and number, or beyond its age limit, and never before it was sent."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from sample_service.notes import NoteAdded

from shared.db.databases import Database
from shared.ids import first_id_at, new_id
from shared.messaging import event_log_pruning
from shared.messaging.event_log import EventLog, WindowPassed
from shared.messaging.event_log_pruning import BusyTopics, OldEvents, measure_old_events
from shared.messaging.retention import SENT_EVENTS
from shared.retention import DeletePortion

KEPT, EVERY = 3, 2
YOUNG, OVER, AGED = timedelta(hours=23), timedelta(hours=25), timedelta(days=30, hours=1)


class Told(NamedTuple):
    """An event in the log."""

    age: timedelta
    topics: tuple[str, ...]
    is_sent: bool = True


class BrokenWork:
    async def rows(self, *_: object) -> None:
        raise TimeoutError


async def test_beyond_the_window_the_newest_of_each_topic_stay(database: Database) -> None:
    tenant = await _tell(database, [*[Told(OVER, ("a",))] * 8, *[Told(OVER, ("b",))] * 2, Told(YOUNG, ("a",))])

    assert await _prune(database, BusyTopics(KEPT, EVERY).delete) == 5

    log = EventLog(database)
    assert await _offsets(database, tenant, "a") == [6, 7, 8, 9]
    assert await _offsets(database, tenant, "b") == [1, 2]
    assert [event.topics[0].offset for event in await log.read(tenant, "a", 5, 10)] == [6, 7, 8, 9]
    with pytest.raises(WindowPassed):
        await log.read(tenant, "a", 4, 10)


async def test_beyond_the_age_limit_nothing_stays_and_offsets_go_on(database: Database) -> None:
    tenant = await _tell(database, [Told(AGED, ("a", "b")), Told(AGED, ()), Told(OVER, ("a",))])

    assert await _prune(database, OldEvents().delete) == 2

    assert (await _offsets(database, tenant, "a"), await _offsets(database, tenant, "b")) == ([2], [])
    log = EventLog(database)
    assert (await log.position(tenant, "b")).offset == 1
    with pytest.raises(WindowPassed):
        await log.read(tenant, "b", 0, 10)


async def test_events_without_topics_go_after_the_window_once_they_are_sent(database: Database) -> None:
    tenant = await _tell(database, [Told(OVER, ()), Told(OVER, (), is_sent=False), Told(YOUNG, ()), Told(OVER, ("a",))])

    assert await _prune(database, SENT_EVENTS.begin()) == 1

    assert await _count(database, tenant) == 3


async def test_what_a_full_queue_has_not_got_stays(database: Database) -> None:
    await _tell(database, [*[Told(OVER, ("a",))] * 8, Told(OVER, ()), Told(AGED, ("b",)), Told(AGED, ())])
    async with database.system_work() as work:
        await work.execute("insert into outbox_backlog select 'slow.events', partition, seq, id from outbox")

    assert await _prune_all(database) == 0
    async with database.system_work() as work:
        await work.execute("delete from outbox_backlog")
    assert await _prune_all(database) == 8


async def test_portions_go_on_where_the_one_before_ended(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log_pruning, "LOOKED_AT", 2)
    monkeypatch.setattr(event_log_pruning, "MILESTONES_AT_ONCE", 1)
    monkeypatch.setattr(event_log_pruning, "EVENTS_AT_ONCE", 2)
    tenants = [await _tell(database, [*[Told(AGED, ("a",))] * 3, *[Told(OVER, ("a",))] * 9]) for _ in range(3)]

    assert await _prune(database, OldEvents().delete) == 9
    walk = BusyTopics(KEPT, EVERY).delete
    assert await _prune(database, walk) == 18
    assert await _prune(database, walk) == 0

    assert [await _offsets(database, tenant, "a") for tenant in tenants] == [[10, 11, 12]] * 3


async def test_a_portion_that_fails_holds_up_nothing_behind_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log_pruning, "MILESTONES_AT_ONCE", 1)
    _, second = sorted([await _tell(database, [Told(OVER, ("a",))] * 12) for _ in range(2)])
    walk = BusyTopics(KEPT, EVERY).delete
    async with database.system_work() as work:
        await walk(work, _now())

    with pytest.raises(TimeoutError):
        await walk(BrokenWork(), _now())  # type: ignore[arg-type]

    assert await _prune(database, walk) > 0
    assert await _offsets(database, second, "a") == [10, 11, 12]


async def test_the_oldest_event_beyond_the_age_limit_is_measured(database: Database) -> None:
    await _tell(database, [Told(AGED, ("a",)), Told(AGED, ("a",)), Told(AGED, (), is_sent=False), Told(OVER, ("a",))])

    async with database.system_work() as work:
        backlog = await measure_old_events(work, _now())

    assert backlog.rows == 2
    assert 3600 <= backlog.seconds < 3700


_EVENTS = st.lists(
    st.builds(
        Told,
        st.sampled_from([YOUNG, OVER, AGED]),
        st.sets(st.sampled_from("abc"), max_size=3).map(sorted).map(tuple),
        st.sampled_from([True, True, True, False]),
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_EVENTS)
async def test_any_history_keeps_what_the_rule_keeps_and_no_more(database: Database, events: list[Told]) -> None:
    told = sorted(events, key=lambda event: event.age, reverse=True)
    tenant = await _tell(database, told)

    await _prune_all(database)

    for topic in "abc":
        of_topic = [event for event in told if topic in event.topics]
        stored = set(await _offsets(database, tenant, topic))
        for offset, event in enumerate(of_topic, start=1):
            newer = len(of_topic) - offset
            if not event.is_sent or event.age == YOUNG or (event.age == OVER and newer < KEPT):
                assert offset in stored, (topic, offset)
            elif event.age == AGED or newer >= KEPT + EVERY:
                assert offset not in stored, (topic, offset)
    assert await _dangling(database, tenant) == 0


async def _tell(database: Database, events: Sequence[Told]) -> UUID:
    """In a tenant of its own, in this order."""
    tenant, now = new_id(), _now()
    ids = [UUID(int=first_id_at(now - event.age).int + number) for number, event in enumerate(events)]
    ids = [UUID(int=each.int + (new_id().int & (1 << 48) - 1 << 14)) for each in ids]
    async with database.unit_of_work(tenant) as work:
        for event_id, event in zip(ids, events, strict=True):
            work.publish(NoteAdded(note_id=new_id()), topics=event.topics, subject="note", event_id=event_id)
    times = [now - event.age for event in events]
    async with database.system_work() as work:
        told = "from unnest($1::uuid[], $2::timestamptz[], $3::bool[]) as told (id, at, is_sent)"
        arguments = (ids, times, [event.is_sent for event in events])
        await work.execute(
            f"update outbox e set time = at, sent_at = case when is_sent then at end {told} where e.id = told.id",
            *arguments,
        )
        await work.execute(
            f"update outbox_topics t set stored_at = at {told} where t.event_id = told.id",
            *arguments,
        )
    return tenant


async def _prune(database: Database, delete: DeletePortion) -> int:
    deleted, is_last = 0, False
    while not is_last:
        async with database.system_work() as work:
            portion = await delete(work, _now())
        deleted, is_last = deleted + portion.deleted, portion.is_last
    return deleted


async def _prune_all(database: Database) -> int:
    prunings = (BusyTopics(KEPT, EVERY).delete, OldEvents().delete, SENT_EVENTS.begin())
    return sum([await _prune(database, prune) for prune in prunings])


async def _offsets(database: Database, tenant: UUID, topic: str) -> list[int]:
    rows = await database.system_rows(
        'select "offset" from outbox_topics where tenant_id = $1 and topic = $2 order by 1', tenant, topic
    )
    return [row["offset"] for row in rows]


async def _count(database: Database, tenant: UUID) -> int:
    [row] = await database.system_rows("select count(*) from outbox where tenant_id = $1", tenant)
    count: int = row["count"]
    return count


async def _dangling(database: Database, tenant: UUID) -> int:
    """Events whose places are gone, and places without their event."""
    [row] = await database.system_rows(
        """
        select count(*) filter (where t.event_id is null and e.has_topics or e.id is null) as count
        from (select * from outbox where tenant_id = $1) e
        full join (select * from outbox_topics where tenant_id = $1) t on t.event_id = e.id
        """,
        tenant,
    )
    count: int = row["count"]
    return count


def _now() -> datetime:
    return datetime.now(UTC)
