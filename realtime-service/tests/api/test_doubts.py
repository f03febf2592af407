"""Something that many see turns private, or goes: nobody hears of it any more until the keeper has said who may."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

from realtime_client import RawClient
from realtime_fakes import FakeKeeper, some_principal

from shared.events.changes import Removed
from shared.events.projects import ProjectDeleted, ProjectState, ProjectUpdated, Visibility
from shared.ids import new_id
from shared.testing.eventually import eventually

PROJECT, OTHER = new_id(), new_id()
TASKS, COMMENTS, ELSEWHERE = f"tasks:{PROJECT}", f"comments:task:{new_id()}", f"tasks:{OTHER}"
NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def turned_private() -> ProjectUpdated:
    state = ProjectState(
        id=PROJECT,
        tenant_id=UUID(int=1),
        name="Apollo",
        description=None,
        owner_id=UUID(int=2),
        visibility=Visibility.PRIVATE,
        archived=False,
        version=2,
        created_at=NOON,
        updated_at=NOON,
    )
    return ProjectUpdated(entity_id=PROJECT, version=2, changed_fields=("visibility",), payload=state)


async def offsets(client: RawClient, number: int) -> list[int]:
    return [(await client.next())["offset"] for _ in range(number)]


async def test_nobody_hears_it_at_once_and_who_may_hears_all_of_it_later(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    ben = some_principal(anna.tenant_id)
    clients = [await connect(who) for who in (anna, ben, ben)]
    for topic in (TASKS, COMMENTS, ELSEWHERE):
        keeper.create(anna.tenant_id, topic)
    for client in clients:
        for topic in (TASKS, COMMENTS, ELSEWHERE):
            await client.subscribe(topic)
    out, member, filtered = clients
    await filtered.subscribe(TASKS, filter={"title": "Write it down"})

    keeper.answers.clear()
    keeper.blind.add(anna.user_id)
    await keeper.publish(anna.tenant_id, TASKS)
    await keeper.publish(anna.tenant_id, f"project:{PROJECT}", turned_private())
    for topic in (TASKS, COMMENTS, TASKS, ELSEWHERE):
        await keeper.publish(anna.tenant_id, topic)
    before = [[(await client.next())["topic"] for _ in range(2)] for client in clients]
    assert [await client.hears_nothing() for client in clients] == [True] * 3
    keeper.answers.set()

    assert before == [[TASKS, ELSEWHERE]] * 3
    refused = [await out.next() for _ in range(2)]
    assert {(frame["code"], frame["topic"]) for frame in refused} == {
        ("TOPIC_NOT_FOUND", TASKS),
        ("TOPIC_NOT_FOUND", COMMENTS),
    }
    for client in (member, filtered):
        told = [await client.next() for _ in range(3)]
        assert [one["offset"] for one in told if one["topic"] == TASKS] == [2, 3]
    await keeper.publish(anna.tenant_id, TASKS)
    assert await offsets(member, 1) == await offsets(filtered, 1) == [4]
    assert await out.hears_nothing()


async def test_an_answer_from_before_the_second_change_opens_nothing(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TASKS)
    client = await connect(anna)
    await client.subscribe(TASKS)

    first = keeper.answers = asyncio.Event()
    await keeper.publish(anna.tenant_id, f"project:{PROJECT}", turned_private())
    await eventually(lambda: keeper.waiting == 1)
    second = keeper.answers = asyncio.Event()
    await keeper.publish(anna.tenant_id, f"project:{PROJECT}", turned_private())
    await keeper.publish(anna.tenant_id, TASKS)
    await eventually(lambda: keeper.waiting == 2)
    first.set()
    await eventually(lambda: keeper.waiting == 1)
    keeper.blind.add(anna.user_id)

    assert await client.hears_nothing()
    second.set()
    assert (await client.next())["code"] == "TOPIC_NOT_FOUND"
    assert await client.hears_nothing()


async def test_a_reader_that_joins_meanwhile_is_told_of_its_place_first(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TASKS)
    client = await connect(anna)

    keeper.answers.clear()
    await client.send(action="subscribe", topic=TASKS)
    assert await client.hears_nothing()
    await keeper.publish(anna.tenant_id, f"project:{PROJECT}", turned_private())
    keeper.answers.set()

    assert (await client.next())["action"] == "subscribed"
    await keeper.publish(anna.tenant_id, TASKS)
    assert await offsets(client, 1) == [1]


async def test_that_it_is_gone_is_the_last_that_is_heard_of_it(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    topic = f"project:{PROJECT}"
    keeper.create(anna.tenant_id, topic)
    client = await connect(anna)
    await client.subscribe(topic)

    keeper.blind.add(anna.user_id)
    gone = ProjectDeleted(entity_id=PROJECT, version=3, payload=Removed(PROJECT))
    await keeper.publish(anna.tenant_id, topic, gone)

    assert (await client.next())["event"] == "DELETED"
    assert (await client.next())["code"] == "TOPIC_NOT_FOUND"


async def test_a_whole_crowd_is_silent_with_the_event(start_server, keeper: FakeKeeper) -> None:
    """As many questions as connections would take longer than anybody may still listen."""
    tenant, nodes = new_id(), [await start_server(rate_limit_scale=100) for _ in range(2)]
    keeper.create(tenant, TASKS)
    crowd = [await RawClient.open(node.port, some_principal(tenant)) for node in nodes for _ in range(50)]
    for client in crowd:
        await client.subscribe(TASKS)

    keeper.answers.clear()
    await keeper.publish(tenant, f"project:{PROJECT}", turned_private())
    await keeper.publish(tenant, TASKS)
    assert all([await client.hears_nothing() for client in crowd])
    keeper.answers.set()

    assert [await offsets(client, 1) for client in crowd] == [[1]] * len(crowd)
    for client in crowd:
        await client.close()
