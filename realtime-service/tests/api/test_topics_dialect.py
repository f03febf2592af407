"""The topics dialect over a real socket: what is said, word for word."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import msgspec
from realtime_client import RawClient
from realtime_fakes import FakeKeeper, some_principal, task_added, task_state, task_updated

from shared.events.auth import Heartbeat, MembershipRemoved
from shared.events.changes import Removed
from shared.events.chats import ChatParticipants, ChatParticipantsRemoved
from shared.events.projects import (
    ProjectRole,
    RemovedTeamMember,
    TaskStatus,
    TeamMemberRemoved,
    TeamMemberState,
    TeamMemberUpdated,
)

TOPIC = "tasks:0189aaaa-0000-7000-8000-000000000001"
OTHER = "tasks:0189aaaa-0000-7000-8000-000000000002"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


async def test_an_event_reaches_its_subscriber_in_the_documented_form(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client: RawClient = await connect(anna)
    answer = await client.subscribe(TOPIC, id="s1")
    state = task_state(title="Paint the fence", status=TaskStatus.DONE)

    envelope = await keeper.publish(
        anna.tenant_id, TOPIC, task_updated("title", id=state.id, title=state.title), actor_id=anna.user_id
    )
    frame = await client.next()

    assert answer == {
        "action": "subscribed", "topic": TOPIC, "epoch": "epoch-1", "offset": 0, "recovered": False, "id": "s1",
    }  # fmt: skip
    payload = frame["data"].pop("payload")
    assert payload["title"] == "Paint the fence"
    assert frame == {
        "topic": TOPIC,
        "event": "UPDATED",
        "type": "task.updated",
        "id": str(envelope.id),
        "offset": 1,
        "data": {
            "entity_id": str(state.id),
            "user_id": str(anna.user_id),
            "timestamp": envelope.time.isoformat().replace("+00:00", "Z"),
            "changed_fields": ["title"],
            "version": 1,
        },
    }


async def test_ids_are_echoed_and_pings_answered(connect) -> None:
    client = await connect(some_principal())

    assert await client.ask(action="ping", id=7) == {"action": "pong", "id": 7}
    assert await client.ask(action="ping") == {"action": "pong"}


async def test_after_unsubscribing_nothing_comes(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(anna)
    await client.subscribe(TOPIC)

    answer = await client.ask(action="unsubscribe", topic=TOPIC, id=1)
    await keeper.publish(anna.tenant_id, TOPIC)

    assert answer == {"action": "unsubscribed", "topic": TOPIC, "id": 1}
    assert await client.hears_nothing()


async def test_an_event_stays_in_its_tenant_even_under_the_same_topic_name(connect, keeper: FakeKeeper) -> None:
    anna, boris = some_principal(), some_principal()
    for person in (anna, boris):
        keeper.create(person.tenant_id, TOPIC)
    hers, his = await connect(anna), await connect(boris)
    await hers.subscribe(TOPIC)
    await his.subscribe(TOPIC)

    envelope = await keeper.publish(anna.tenant_id, TOPIC)

    assert (await hers.next())["id"] == str(envelope.id)
    assert await his.hears_nothing()


async def test_a_forbidden_topic_is_answered_like_one_that_does_not_exist(connect, keeper: FakeKeeper) -> None:
    anna, boris = some_principal(), some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(boris)

    await client.send(action="subscribe", topic=TOPIC)
    forbidden = await client.text()
    await client.send(action="subscribe", topic=OTHER)
    absent = await client.text()
    await client.send(action="subscribe", topic="nonsense")
    unknown = await client.text()

    assert '"TOPIC_NOT_FOUND"' in forbidden
    assert forbidden.replace(TOPIC, "?") == absent.replace(OTHER, "?") == unknown.replace("nonsense", "?")


async def test_frames_that_are_none_are_refused_by_code(connect) -> None:
    client = await connect(some_principal())
    cases = {
        "{": "WS_INVALID_MESSAGE",
        "[]": "WS_INVALID_MESSAGE",
        '{"action":"subscribe"}': "WS_INVALID_MESSAGE",
        '{"action":"subscribe","topic":"tasks:1","sinse":1}': "WS_INVALID_MESSAGE",
        '{"action":"subscribe","topic":"tasks:1","since":{"epoch":"e","offset":-1}}': "WS_INVALID_MESSAGE",
        '{"action":"dance","id":"d"}': "WS_UNKNOWN_TYPE",
        "[" * 10_000: "WS_INVALID_MESSAGE",
    }
    for text, code in cases.items():
        await client.socket.send(text)
        answer = await client.next()
        assert (answer["action"], answer["code"], answer["temporary"]) == ("error", code, False), text


async def test_a_filter_lets_through_what_fits_it(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(anna)
    await client.subscribe(TOPIC, filter={"status": "done"})

    await keeper.publish(anna.tenant_id, TOPIC, task_added(status=TaskStatus.TODO))
    await keeper.publish(anna.tenant_id, TOPIC, task_added(status=TaskStatus.DONE))

    assert (await client.next())["offset"] == 2
    assert await client.hears_nothing()


async def test_a_returning_client_gets_exactly_what_it_missed(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    for _ in range(5):
        keeper.note(anna.tenant_id, TOPIC)
    client = await connect(anna)

    await client.send(action="subscribe", topic=TOPIC, since={"epoch": "epoch-1", "offset": 2})
    frames = [await client.next() for _ in range(4)]
    await keeper.publish(anna.tenant_id, TOPIC)

    assert [frame.get("offset") for frame in frames] == [3, 4, 5, 5]
    assert frames[-1]["recovered"] is True
    assert (await client.next())["offset"] == 6


async def test_a_client_that_cannot_be_caught_up_is_told_why(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    for _ in range(5):
        keeper.note(anna.tenant_id, TOPIC)
    keeper.prune(anna.tenant_id, TOPIC, first=4)
    client = await connect(anna)

    passed = await client.subscribe(TOPIC, since={"epoch": "epoch-1", "offset": 1})
    replaced = await client.subscribe(TOPIC, since={"epoch": "epoch-0", "offset": 1})
    ahead = await client.subscribe(TOPIC, since={"epoch": "epoch-1", "offset": 9})

    reasons = [(answer["recovered"], answer["reason"], answer["offset"]) for answer in (passed, replaced, ahead)]
    assert reasons == [(False, "window_passed", 5), (False, "epoch_changed", 5), (False, "ahead", 5)]


async def test_an_event_the_broker_lost_is_fetched_before_the_next_is_told(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(anna)
    await client.subscribe(TOPIC)

    keeper.note(anna.tenant_id, TOPIC)
    await keeper.publish(anna.tenant_id, TOPIC)
    second = keeper.note(anna.tenant_id, TOPIC)
    await keeper.send(second)
    await keeper.send(second)

    assert [(await client.next())["offset"] for _ in range(3)] == [1, 2, 3]
    assert await client.hears_nothing()


async def test_what_was_missed_while_the_bus_was_away_comes_when_it_is_back(connect, keeper, broker) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(anna)
    await client.subscribe(TOPIC)

    broker.interrupt()
    degraded = await client.next()
    keeper.note(anna.tenant_id, TOPIC)
    broker.restore()
    frames = [await client.next(), await client.next()]

    assert degraded == {"action": "degraded"}
    assert {"action": "healthy"} in frames
    assert 1 in [frame.get("offset") for frame in frames]


async def test_a_silent_keeper_is_a_temporary_error(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    keeper.is_failing = True
    client = await connect(anna)

    answer = await client.subscribe(TOPIC)
    keeper.is_failing = False
    again = await client.subscribe(TOPIC)

    assert (answer["code"], answer["temporary"], answer["topic"]) == ("SERVICE_UNAVAILABLE", True, TOPIC)
    assert answer["retry_after_ms"] > 0
    assert again["action"] == "subscribed"


async def test_rights_are_asked_once_and_again_after_a_membership_event(connect, keeper, auth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    first, second = await connect(anna), await connect(anna)
    await first.subscribe(TOPIC)
    await second.subscribe(TOPIC)
    questions_for_two = len(keeper.questions)

    keeper.blind.add(anna.user_id)
    change = MembershipRemoved(
        entity_id=anna.user_id,
        version=2,
        tenant_id=anna.tenant_id,
        user_id=anna.user_id,
        payload=Removed(anna.user_id),
    )
    await auth.publish(change, anna.tenant_id)
    refusals = [await first.next(), await second.next()]
    await keeper.publish(anna.tenant_id, TOPIC)

    assert questions_for_two == 1
    assert [refusal["code"] for refusal in refusals] == ["TOPIC_NOT_FOUND"] * 2
    assert await first.hears_nothing()


async def test_who_is_taken_off_a_team_stops_hearing_of_the_project(connect, keeper: FakeKeeper) -> None:
    anna, ben = some_principal(), some_principal()
    for who in (anna, ben):
        keeper.create(who.tenant_id, TOPIC)
    removed, other = await connect(anna), await connect(ben)
    await removed.subscribe(TOPIC)
    await other.subscribe(TOPIC)

    keeper.blind.add(anna.user_id)
    gone = RemovedTeamMember(id=UUID(int=1), project_id=UUID(int=2), user_id=anna.user_id)
    team = TeamMemberRemoved(entity_id=gone.id, version=2, payload=gone)
    await keeper.publish(anna.tenant_id, "project:0189aaaa-0000-7000-8000-000000000001", team)

    assert (await removed.next())["code"] == "TOPIC_NOT_FOUND"
    assert await other.hears_nothing()


async def test_who_leaves_a_chat_stops_hearing_of_it(connect, keeper: FakeKeeper) -> None:
    anna, ben = some_principal(), some_principal()
    for who in (anna, ben):
        keeper.create(who.tenant_id, TOPIC)
    gone, other = await connect(anna), await connect(ben)
    await gone.subscribe(TOPIC)
    await other.subscribe(TOPIC)

    keeper.blind.add(anna.user_id)
    left = ChatParticipants(chat_id=UUID(int=1), user_ids=(anna.user_id,))
    event = ChatParticipantsRemoved(entity_id=left.chat_id, version=1, payload=left)
    await keeper.publish(anna.tenant_id, "chat:00000000-0000-0000-0000-000000000001", event)

    assert (await gone.next())["code"] == "TOPIC_NOT_FOUND"
    assert await other.hears_nothing()


async def test_a_connection_follows_128_topics_and_no_more(start_server, keeper: FakeKeeper) -> None:
    server = await start_server(rate_limit_scale=10)
    anna = some_principal()
    topics = [f"tasks:{UUID(int=number)}" for number in range(129)]
    for topic in topics:
        keeper.create(anna.tenant_id, topic)
    client = await RawClient.open(server.port, anna)

    for topic in topics:
        await client.send(action="subscribe", topic=topic)
    answers = [await client.next() for _ in topics]

    [refusal] = [answer for answer in answers if answer["action"] == "error"]
    assert (refusal["code"], refusal["topic"]) == ("WS_TOO_MANY_SUBSCRIPTIONS", topics[-1])
    await client.close()


async def test_a_full_resume_fits_the_limits_and_more_is_refused_for_a_while(connect, keeper: FakeKeeper) -> None:
    anna = some_principal()
    topics = [f"tasks:{UUID(int=number)}" for number in range(128)]
    for topic in topics:
        keeper.create(anna.tenant_id, topic)
    client = await connect(anna)

    resumed = [await client.subscribe(topic) for topic in topics]
    again = [await client.subscribe(topic) for topic in topics[:15]]

    assert {answer["action"] for answer in resumed} == {"subscribed"}
    refusals = [answer for answer in again if answer["action"] == "error"]
    assert refusals
    assert all(refusal["temporary"] and refusal["retry_after_ms"] > 0 for refusal in refusals)


async def test_subscribers_who_want_to_see_who_is_there(connect, keeper: FakeKeeper, auth) -> None:
    anna = some_principal()
    ben = some_principal(anna.tenant_id)
    keeper.create(anna.tenant_id, TOPIC)
    first, second = await connect(anna), await connect(ben)
    alone = await first.subscribe(TOPIC, presence=True)
    await first.next()

    both = await second.subscribe(TOPIC, presence=True)
    joined = await first.next()
    await second.send(action="presence", topic=TOPIC, state={"cursor": 3})
    updated = await first.next()
    await second.send(action="unsubscribe", topic=TOPIC)
    left = await first.next()

    assert [member["user_id"] for member in alone["presence"]] == [str(anna.user_id)]
    assert {member["user_id"] for member in both["presence"]} == {str(anna.user_id), str(ben.user_id)}
    somebody = {"user_id": str(ben.user_id), "display_name": None, "state": None}
    assert joined == {"event": "PRESENCE", "topic": TOPIC, "data": {"joined": [somebody], "left": [], "updated": []}}
    assert updated["data"]["updated"] == [{**somebody, "state": {"cursor": 3}}]
    assert left["data"]["left"] == [str(ben.user_id)]


async def test_a_state_needs_a_presence_and_is_small(connect, keeper: FakeKeeper, auth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(anna)
    await client.subscribe(TOPIC)

    absent = await client.ask(action="presence", topic=TOPIC, state=1)
    assert absent["code"] == "WS_NOT_PRESENT"
    await client.subscribe(TOPIC, presence=True)
    await client.next()
    too_big = await client.ask(action="presence", topic=TOPIC, state="x" * 1024)

    assert too_big["code"] == "WS_INVALID_MESSAGE"


async def test_a_right_that_cannot_be_checked_again_is_gone(connect, keeper: FakeKeeper, auth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(anna)
    await client.subscribe(TOPIC)

    keeper.is_failing = True
    joined = TeamMemberUpdated(
        entity_id=UUID(int=1),
        version=2,
        changed_fields=("role",),
        payload=TeamMemberState(
            id=UUID(int=1),
            tenant_id=anna.tenant_id,
            project_id=UUID(int=2),
            user_id=anna.user_id,
            role=ProjectRole.VIEWER,
            version=2,
            created_at=NOON,
            updated_at=NOON,
        ),
    )
    await keeper.publish(anna.tenant_id, "project:0189aaaa-0000-7000-8000-000000000001", joined)

    refusal = await client.next()
    assert (refusal["topic"], refusal["temporary"]) == (TOPIC, True)
    keeper.note(anna.tenant_id, TOPIC)
    assert await client.hears_nothing()


async def test_who_lost_a_right_while_the_bus_was_away_hears_nothing_more(connect, keeper, broker) -> None:
    anna, ben = some_principal(), some_principal()
    ben = msgspec.structs.replace(ben, tenant_id=anna.tenant_id)
    keeper.create(anna.tenant_id, TOPIC)
    removed, other = await connect(anna), await connect(ben)
    await removed.subscribe(TOPIC)
    await other.subscribe(TOPIC)

    broker.interrupt()
    await removed.next()
    keeper.blind.add(anna.user_id)
    broker.restore()
    frames = [await removed.next(), await removed.next()]
    await keeper.publish(anna.tenant_id, TOPIC)

    assert [frame.get("code", frame["action"]) for frame in frames] == ["healthy", "TOPIC_NOT_FOUND"]
    assert await removed.hears_nothing()


async def test_silence_of_auth_service_is_told_and_its_return_too(connect, keeper, auth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(anna)
    await client.subscribe(TOPIC)

    await auth.publish(Heartbeat(unsent_seconds=60.0))
    lagging = await client.next()
    await auth.publish(Heartbeat(unsent_seconds=0.0))

    assert lagging == {"action": "degraded"}
    assert await client.next() == {"action": "healthy"}


async def test_a_removed_member_loses_the_stream_on_every_node_within_a_second(start_server, keeper, auth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    nodes = [await start_server() for _ in range(2)]
    clients = [await RawClient.open(node.port, anna) for node in nodes]
    for client in clients:
        await client.subscribe(TOPIC)

    keeper.blind.add(anna.user_id)
    gone = MembershipRemoved(
        entity_id=anna.user_id,
        version=2,
        tenant_id=anna.tenant_id,
        user_id=anna.user_id,
        payload=Removed(anna.user_id),
    )
    await auth.publish(gone, anna.tenant_id)
    async with asyncio.timeout(1.0):
        refusals = [await client.next() for client in clients]
    replay = await clients[0].subscribe(TOPIC, since={"epoch": "epoch-1", "offset": 0})

    assert [refusal["code"] for refusal in (*refusals, replay)] == ["TOPIC_NOT_FOUND"] * 3
    for client in clients:
        await client.close()
