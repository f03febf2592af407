"""Events over plain HTTP: the stream that resumes by Last-Event-ID, and polling."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from event_source import EventSource, as_gateway
from realtime_fakes import FakeAuth, FakeKeeper, LiveServer, some_principal, task_added, unix_now

from shared.events.auth import MembershipRemoved, SessionRevoked
from shared.events.changes import Removed
from shared.principal import Principal
from shared.testing.eventually import eventually

TOPIC = "tasks:0189aaaa-0000-7000-8000-000000000001"
OTHER = "tasks:0189aaaa-0000-7000-8000-000000000002"


@pytest.fixture
async def listen(server: LiveServer) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def open_stream(*args: Any, **kwargs: Any) -> EventSource:
            source = await EventSource.open(server.port, *args, **kwargs)
            stack.push_async_callback(source.close)
            return source

        yield open_stream


async def ask(server: LiveServer, principal: Principal | None, path: str, **query: str) -> tuple[int, Any]:
    headers = {} if principal is None else as_gateway(principal)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{server.port}{path}", params=query, headers=headers) as answer,
    ):
        return answer.status, await answer.json()


async def test_a_stream_tells_the_frames_of_the_topics_dialect(listen, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    source = await listen(anna, [TOPIC])

    place = await source.next()
    sent = await keeper.publish(anna.tenant_id, TOPIC, actor_id=anna.user_id)
    told = await source.next()

    assert (place.name, place.data["recovered"], place.data["offset"]) == ("subscribed", False, 0)
    assert told.name == "ADDED"
    assert (told.data["type"], told.data["offset"], told.data["id"]) == ("task.added", 1, str(sent.id))


async def test_the_last_id_resumes_every_topic_of_the_stream(listen, keeper: FakeKeeper) -> None:
    anna = some_principal()
    for topic in (TOPIC, OTHER):
        keeper.create(anna.tenant_id, topic)
    first = await listen(anna, [TOPIC, OTHER])
    await first.until("subscribed", 2)
    await keeper.publish(anna.tenant_id, TOPIC)
    last = (await first.next()).id
    await first.close()
    for topic in (OTHER, TOPIC, OTHER):
        await keeper.publish(anna.tenant_id, topic)

    again = await listen(anna, [TOPIC, OTHER], last_event_id=last)
    told = await again.until("subscribed", 2)

    events = [(one.data["topic"], one.data["offset"]) for one in told if one.name == "ADDED"]
    assert sorted(events) == [(TOPIC, 2), (OTHER, 1), (OTHER, 2)]
    assert all(one.data["recovered"] for one in told if one.name == "subscribed")


async def test_the_last_id_may_stand_in_the_address(listen, server: LiveServer, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    last = (await (await listen(anna, [TOPIC])).next()).id
    await keeper.publish(anna.tenant_id, TOPIC)

    source = await listen(anna, [TOPIC], last_event_id_in_query=last)

    assert [one.name for one in await source.until("subscribed", 1)] == ["ADDED", "subscribed"]


@pytest.mark.parametrize("last", ["nonsense", "AAAA", "gaFhgcQBYQE=", "x" * 5000])
async def test_an_id_that_is_none_of_ours_resumes_nothing(listen, keeper: FakeKeeper, last: str) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)

    source = await listen(anna, [TOPIC], last_event_id=last)

    assert (await source.next()).data["recovered"] is False


async def test_what_cannot_be_resumed_is_said(listen, keeper: FakeKeeper) -> None:
    anna = some_principal()
    await keeper.publish(anna.tenant_id, TOPIC)
    last = (await (await listen(anna, [TOPIC])).next()).id
    keeper.replace_log("epoch-2")

    source = await listen(anna, [TOPIC], last_event_id=last)
    [*_, place] = await source.until("subscribed", 1)

    assert (place.data["recovered"], place.data["reason"]) == (False, "epoch_changed")


async def test_foreign_and_absent_topics_are_answered_alike(server: LiveServer, keeper: FakeKeeper) -> None:
    anna, ben = some_principal(), some_principal()
    keeper.create(ben.tenant_id, TOPIC)
    for path, name in (("/api/v1/events/stream", "topics"), ("/api/v1/events", "topic")):
        foreign = await ask(server, anna, path, **{name: TOPIC})
        absent = await ask(server, anna, path, **{name: OTHER})

        for status, body in (foreign, absent):
            body["error"].pop("trace_id")
            assert (status, body["error"]["code"]) == (404, "TOPIC_NOT_FOUND")
        assert foreign == absent


@pytest.mark.parametrize("path", ["/api/v1/events/stream", "/api/v1/events"])
async def test_strangers_and_wrong_questions_get_no_further(server: LiveServer, keeper: FakeKeeper, path: str) -> None:
    anna = some_principal()
    too_many = ",".join(f"tasks:{UUID(int=number)}" for number in range(129))

    assert (await ask(server, None, path, topics=TOPIC, topic=TOPIC))[0] == 401
    assert (await ask(server, anna, path))[0] == 422
    assert (await ask(server, anna, path, topics=",", topic=TOPIC, after="41"))[0] == 422
    assert (await ask(server, anna, path, topics=too_many, topic=TOPIC, after="e:-1"))[0] == 422
    assert (await ask(server, anna, path, topics="\x00", topic="\x00"))[0] == 422
    assert (await ask(server, anna, path, topics="tasks:nothing", topic="x"))[0] == 404


async def test_a_stream_ends_with_the_session(listen, keeper: FakeKeeper, auth: FakeAuth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    source = await listen(anna, [TOPIC])
    await source.next()

    ended = SessionRevoked(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout")
    await auth.publish(ended)

    [last] = await source.until_end()
    assert (last.name, last.data["code"]) == ("failed", "AUTH_SESSION_REVOKED")


async def test_a_stream_ends_with_the_right_to_its_last_topic(listen, keeper: FakeKeeper, auth: FakeAuth) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    source = await listen(anna, [TOPIC])
    await source.next()

    keeper.blind.add(anna.user_id)
    removed = MembershipRemoved(
        entity_id=anna.user_id, version=2, tenant_id=anna.tenant_id, user_id=anna.user_id, payload=Removed(anna.user_id)
    )
    await auth.publish(removed, anna.tenant_id)

    [last] = await source.until_end()
    assert (last.name, last.data["code"], last.data["topic"]) == ("failed", "TOPIC_NOT_FOUND", TOPIC)


async def test_a_stream_outlives_its_token_by_the_grace_only(start_server, keeper: FakeKeeper) -> None:
    server = await start_server(expiry_grace_seconds=0.1, expiry_warning_seconds=60)
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    source = await EventSource.open(server.port, anna, [TOPIC], expires_at=unix_now() + 2)

    told = await source.until_end()

    assert [one.name for one in told if one.name != "subscribed"] == ["token_expiring", "failed"]
    await source.close()


async def test_a_node_that_leaves_says_when_to_come_back(start_server, keeper: FakeKeeper) -> None:
    server = await start_server()
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    source = await EventSource.open(server.port, anna, [TOPIC])
    await source.next()

    await server.stop()
    [last] = await source.until_end()

    assert (last.name, source.retry_ms) == ("going_away", last.data["retry_after_ms"])
    await source.close()


async def test_a_silent_stream_shows_that_it_lives(start_server, keeper: FakeKeeper) -> None:
    server = await start_server(ping_seconds=0.2)
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    source = await EventSource.open(server.port, anna, [TOPIC])
    await source.next()

    async with asyncio.timeout(5.0):
        while source.comments < 3:
            await source.read_line()
    await keeper.publish(anna.tenant_id, TOPIC)

    assert (await source.next()).name == "ADDED"
    await source.close()


async def test_a_client_that_leaves_is_forgotten(server: LiveServer, listen, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    source = await listen(anna, [TOPIC])
    await source.next()
    await source.close()

    async def is_forgotten() -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.port}/metrics") as page:
            return 'tessera_live_connections{dialect="sse"} 0.0' in await page.text()

    await eventually(is_forgotten)


async def test_polling_tells_what_happened_since_the_answer_before(server: LiveServer, keeper: FakeKeeper) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    _, start = await ask(server, anna, "/api/v1/events", topic=TOPIC)
    task = task_added()
    await keeper.publish(anna.tenant_id, TOPIC, task)
    await keeper.publish(anna.tenant_id, TOPIC)

    after = f"{start['epoch']}:{start['offset']}"
    status, page = await ask(server, anna, "/api/v1/events", topic=TOPIC, after=after)

    assert status == 200
    assert (start["items"], start["recovered"]) == ([], False)
    assert (page["recovered"], page["offset"]) == (True, 2)
    assert [item["offset"] for item in page["items"]] == [1, 2]
    assert page["items"][0]["data"]["entity_id"] == str(task.entity_id)


async def test_polling_never_calls_a_gap_recovered(server: LiveServer, keeper: FakeKeeper) -> None:
    anna = some_principal()
    for _ in range(5):
        await keeper.publish(anna.tenant_id, TOPIC)
    keeper.prune(anna.tenant_id, TOPIC, first=4)

    _, passed = await ask(server, anna, "/api/v1/events", topic=TOPIC, after="epoch-1:1")
    _, ahead = await ask(server, anna, "/api/v1/events", topic=TOPIC, after="epoch-1:99")
    _, other = await ask(server, anna, "/api/v1/events", topic=TOPIC, after="other:5")

    outcomes = [(page["items"], page["recovered"], page["offset"], page["reason"]) for page in (passed, ahead, other)]
    assert outcomes == [([], False, 5, reason) for reason in ("window_passed", "ahead", "epoch_changed")]
