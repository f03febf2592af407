"""When a list is revealed: whom it is for is told once what was kept from them, and nobody else is told anything."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from gift_jobs import MovableClock, reveal_worker
from gifting_household import API, Household, Json, move_in
from project_builders import project_settings
from project_client import ProjectClient

from project_service.app import create_app
from shared.db.databases import Database
from shared.events.questions import TopicPosition
from shared.jobs.queue import JobQueue
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal
from shared.tenant_closures import repository as tenant_closures
from shared.tenant_closures.repository import ClosureState
from shared.testing.eventually import eventually
from shared.testing.service_client import session_with

BIRTHDAY = timedelta(hours=1)
KIND = "gift.reveal"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def home(database: Database, bus: MemoryBus, clock: MovableClock) -> AsyncIterator[Household]:
    async with session_with(create_app(project_settings(), database=database, bus=bus, clock=clock)) as session:
        yield await move_in(ProjectClient(session, database, clock))


@pytest.fixture
def requests(home: Household, bus: MemoryBus) -> Requests:
    return Requests(bus)


Told = list[tuple[str, Json]]


async def heard(home: Household, requests: Requests, who: Principal, topic: str) -> Told:
    """Types and payloads of all that they hear, which has no gap."""
    stream = (await requests.ask(TopicPosition(principal=who, topic=topic), service="project")).stream
    envelopes = await home.client.events(who, stream)
    return [(e.type.removeprefix("project."), msgspec.json.decode(e.data)["payload"]) for e in envelopes]


async def reveal(home: Household, clock: MovableClock) -> None:
    """Two replicas at once beside the service itself, and another round."""
    replicas = [reveal_worker(home.client.database, clock) for _ in range(2)]
    await asyncio.gather(*(replica.run_due() for replica in replicas))
    await eventually(lambda: _is_done(home, clock))
    assert await replicas[0].run_due() == 0


async def _is_done(home: Household, clock: MovableClock) -> bool:
    return not await home.client.database.system_rows(
        "select from jobs where kind = 'gift.reveal' and (status <> 'scheduled' or due_at <= $1)", clock.now()
    )


async def waiting(home: Household) -> list[datetime]:
    """When jobs of reveals are due."""
    rows = await home.client.database.system_rows("select due_at from jobs where kind = 'gift.reveal' order by due_at")
    return [row["due_at"] for row in rows]


async def change(home: Household, gift_list: Json, **fields: Any) -> None:
    answer = await home.client.send("PATCH", f"{API}/lists/{gift_list['id']}", fields, who=home.ben)
    assert answer.status == 200, answer


async def told_of(home: Household, requests: Requests) -> list[str]:
    """The ids of the lists that Ada is told of."""
    topic = f"person:{home.ada_as_person['id']}"
    told = await heard(home, requests, home.ada, topic)
    return [payload["id"] for kind, payload in told if kind == "list.added"]


async def test_the_person_is_told_once_what_was_kept(home: Household, requests: Requests, clock: MovableClock) -> None:
    reveal_at = (clock.time + BIRTHDAY).isoformat()
    wishes = await home.wishlist(home.ada, reveal_at=reveal_at)
    wish = await home.item(home.ada, wishes)
    await home.move(home.ben, wish, "selected")
    surprise = await home.item(home.ben, wishes, name="Surprise")
    about = {"entity_type": "list", "entity_id": wishes["id"]}
    remark = await home.new("comments", home.ben, **about, body="She has no idea")
    plans = await home.wishlist(home.ben, type="ideas", name="Plans", reveal_at=reveal_at)
    plan = await home.item(home.ben, plans)
    topics = [f"list:{wishes['id']}", "list-items:all", f"person:{home.ada_as_person['id']}"]
    said = f"comments:list:{wishes['id']}"
    before = {
        (who, topic): await heard(home, requests, who, topic)
        for who in (home.ada, home.cleo)
        for topic in (*topics, said)
    }

    await reveal(home, clock)
    untold = [await heard(home, requests, home.ada, topic) for topic in topics]
    clock.time += BIRTHDAY
    await reveal(home, clock)

    assert untold == [before[home.ada, topic] for topic in topics]
    now = {topic: (await heard(home, requests, home.ada, topic))[len(before[home.ada, topic]) :] for topic in topics}
    as_read = {
        item["id"]: (await home.read(f"list-items/{item['id']}", home.ada)).data for item in (wish, surprise, plan)
    }
    of_wishes = [("list_item.status_changed", as_read[wish["id"]]), ("list_item.added", as_read[surprise["id"]])]
    of_plans = [("list_item.added", as_read[plan["id"]])]
    assert now[topics[0]] == of_wishes
    assert sorted(now[topics[1]], key=str) == sorted([*of_wishes, *of_plans], key=str)
    assert now[topics[2]] == [("list.added", plans)]
    assert await heard(home, requests, home.ada, f"list:{plans['id']}") == [("list.added", plans), *of_plans]
    assert [payload["id"] for _, payload in await heard(home, requests, home.ada, said)] == [remark["id"]]
    for topic in (*topics, said):
        assert await heard(home, requests, home.cleo, topic) == before[home.cleo, topic]


async def test_a_list_that_is_revealed_by_hand_is_told_of_as_well(
    home: Household, requests: Requests, clock: MovableClock
) -> None:
    plans = await home.wishlist(home.ben, type="ideas", name="Plans")
    private = await home.wishlist(home.ben, type="ideas", visibility="private")
    about = {"entity_type": "list", "entity_id": private["id"]}
    await home.new("comments", home.ben, **about, body="Only mine")
    topic = f"person:{home.ada_as_person['id']}"
    before = await heard(home, requests, home.ada, topic)

    for gift_list in (plans, private):
        await change(home, gift_list, reveal_at=clock.time.isoformat())
    await reveal(home, clock)

    told = (await heard(home, requests, home.ada, topic))[len(before) :]
    assert [(kind, payload["id"]) for kind, payload in told] == [("list.added", plans["id"])]
    assert [kind for kind, _ in before] == ["person.added"]
    [private_streams] = await home.client.database.system_rows(
        "select count(*) as number from outbox_topics where topic like $1", f"%:{private['id']}#%"
    )
    assert private_streams["number"] == 0


async def _are_told(home: Household, requests: Requests, lists: int) -> bool:
    return len(await _outside(told_of(home, requests))) == lists


async def _outside(asking: Coroutine[Any, Any, list[str]]) -> list[str]:
    """In a task of its own, as the test may be in a transaction."""
    return await asyncio.create_task(asking)


async def test_a_wish_list_that_is_shared_is_told_of_at_once(home: Household, requests: Requests) -> None:
    wishes = await home.wishlist(home.ben, visibility="private")

    await home.client.send("PATCH", f"{API}/lists/{wishes['id']}", {"visibility": "tenant"}, who=home.ben)

    told = await heard(home, requests, home.ada, f"list:{wishes['id']}")
    assert [(kind, payload["id"]) for kind, payload in told] == [("list.updated", wishes["id"])]


async def test_a_reveal_moves_with_its_time_and_is_told_once_for_each(
    home: Household, requests: Requests, clock: MovableClock
) -> None:
    first, later = clock.time + BIRTHDAY, clock.time + 3 * BIRTHDAY
    plans = await home.wishlist(home.ben, type="ideas", reveal_at=first.isoformat())
    assert await waiting(home) == [first]

    await change(home, plans, reveal_at=later.isoformat())
    assert await waiting(home) == [later]
    clock.time = first
    await reveal(home, clock)
    assert await told_of(home, requests) == []
    clock.time = later
    await reveal(home, clock)

    assert await told_of(home, requests) == [plans["id"]]
    assert await waiting(home) == []


async def test_nothing_waits_for_a_list_that_is_deleted_or_is_revealed_no_more(
    home: Household, requests: Requests, clock: MovableClock
) -> None:
    reveal_at = (clock.time + BIRTHDAY).isoformat()
    deleted = await home.wishlist(home.ben, type="ideas", reveal_at=reveal_at)
    kept = await home.wishlist(home.ben, type="ideas", reveal_at=reveal_at)

    await home.client.send("DELETE", f"{API}/lists/{deleted['id']}", who=home.ben)
    await change(home, kept, reveal_at=None)
    await reveal(home, clock)

    assert await waiting(home) == []
    clock.time += BIRTHDAY
    await reveal(home, clock)
    assert await told_of(home, requests) == []


async def test_a_list_that_cannot_be_told_of_keeps_no_other_from_being_told(
    home: Household, requests: Requests, clock: MovableClock
) -> None:
    reveal_at = (clock.time + BIRTHDAY).isoformat()
    stuck = await home.wishlist(home.ben, type="ideas", reveal_at=reveal_at)
    others = [await home.wishlist(home.ben, type="ideas", reveal_at=reveal_at) for _ in range(3)]
    clock.time += BIRTHDAY

    async with home.client.database.unit_of_work(home.ben.tenant_id) as work:
        await work.row("select from gift_lists where id = $1 for update", stuck["id"])
        revealing = asyncio.create_task(reveal(home, clock))
        await eventually(lambda: _are_told(home, requests, len(others)))
        told = await _outside(told_of(home, requests))
    await revealing

    assert set(told) == {each["id"] for each in others}
    assert await told_of(home, requests) == [*told, stuck["id"]]


async def test_a_replica_whose_clock_is_behind_leaves_the_reveal_to_its_time(
    home: Household, requests: Requests, clock: MovableClock
) -> None:
    reveal_at = clock.time + BIRTHDAY
    plans = await home.wishlist(home.ben, type="ideas", reveal_at=reveal_at.isoformat())
    await queue_now(home)

    await reveal(home, clock)
    [job] = await home.client.database.system_rows("select status, due_at, attempts from jobs where kind = $1", KIND)

    assert (job["status"], job["due_at"], job["attempts"]) == ("scheduled", reveal_at, 0)
    clock.time = reveal_at
    await reveal(home, clock)
    assert await told_of(home, requests) == [plans["id"]]


async def queue_now(home: Household) -> None:
    """As a replica does whose clock is ahead, out of sight of the one that the service is."""
    async with home.client.database.system_work() as work:
        await work.execute("update jobs set status = 'queued' where kind = $1", KIND)


async def test_a_reveal_is_tried_again_however_often(home: Household, requests: Requests, clock: MovableClock) -> None:
    plans = await home.wishlist(home.ben, type="ideas", reveal_at=(clock.time + BIRTHDAY).isoformat())
    async with home.client.database.system_work() as work:
        await work.execute("update jobs set attempts = 1000000 where kind = $1", KIND)

    clock.time += BIRTHDAY
    await reveal(home, clock)

    assert await told_of(home, requests) == [plans["id"]]


async def test_a_cancelled_reveal_that_is_retried_tells_what_is_known_again_in_the_same_versions(
    home: Household, requests: Requests, clock: MovableClock
) -> None:
    """An operator cancels the job, the list moves to another time and back, and that is told; then they retry it."""
    reveal_at, jobs = clock.time + BIRTHDAY, JobQueue(clock)
    plans = await home.wishlist(home.ben, type="ideas", reveal_at=reveal_at.isoformat())
    await home.item(home.ben, plans)
    [cancelled] = await home.client.database.system_rows("select id from jobs where kind = $1", KIND)
    async with home.client.database.system_work() as work:
        await jobs.cancel(work, cancelled["id"])
    for time in (reveal_at + BIRTHDAY, reveal_at):
        await change(home, plans, reveal_at=time.isoformat())
    clock.time = reveal_at
    await eventually(lambda: _are_told(home, requests, 1))
    first = await told_to_ada(home, requests, plans)

    async with home.client.database.system_work() as work:
        assert await jobs.retry(work, cancelled["id"])
    await reveal(home, clock)

    again = await told_to_ada(home, requests, plans)
    assert again == [*first, *first]


async def told_to_ada(home: Household, requests: Requests, gift_list: Json) -> list[tuple[str, str, int]]:
    """Type, entity and version of each event about a list, on its topic."""
    position = TopicPosition(principal=home.ada, topic=f"list:{gift_list['id']}")
    stream = (await requests.ask(position, service="project")).stream
    data = [(e.type, msgspec.json.decode(e.data)) for e in await home.client.events(home.ada, stream)]
    return [(kind, each["entity_id"], each["version"]) for kind, each in data]


async def test_in_a_closed_tenant_nothing_is_revealed_before_it_is_restored(
    home: Household, requests: Requests, clock: MovableClock
) -> None:
    plans = await home.wishlist(home.ben, type="ideas", reveal_at=(clock.time + BIRTHDAY).isoformat())
    await note(home, ClosureState.CLOSED, clock.time)
    clock.time += BIRTHDAY

    assert await reveal_worker(home.client.database, clock).run_due() == 0
    assert await told_of(home, requests) == []
    await note(home, ClosureState.OPEN, clock.time)
    await reveal(home, clock)
    assert await told_of(home, requests) == [plans["id"]]


async def note(home: Household, state: ClosureState, as_of: datetime) -> None:
    async with home.client.database.unit_of_work(home.ben.tenant_id) as work:
        await tenant_closures.note(work, home.ben.tenant_id, state, as_of)


async def test_a_list_is_revealed_at_its_time_by_the_service_itself(database: Database, bus: MemoryBus) -> None:
    async with session_with(create_app(project_settings(), database=database, bus=bus)) as session:
        home = await move_in(ProjectClient(session, database))
        reveal_at = datetime.now(UTC) + timedelta(seconds=0.3)
        plans = await home.wishlist(home.ben, type="ideas", reveal_at=reveal_at.isoformat())

        await eventually(lambda: _are_told(home, Requests(bus), 1))

        assert await told_of(home, Requests(bus)) == [plans["id"]]
