"""A topic with more bytes than a node may hold is replayed in every dialect: in parts, as fast as they are read."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from event_source import EventSource, as_gateway
from realtime_client import RawClient
from realtime_fakes import FakeKeeper, LiveServer, chat_message_added, some_principal, task_added
from socketio_client import ChatClient

from realtime_service import connection
from realtime_service.events_routes import PAGE_BYTES
from shared.events.topics import chat_topic
from shared.messaging.memory import MemoryBus
from shared.principal import Principal
from shared.testing.eventually import eventually

TOPIC = "tasks:0189aaaa-0000-7000-8000-000000000001"
CHAT = UUID("0189aaaa-0000-7000-8000-00000000000c")
EVENTS = 24
BIG = "x" * 300_000
START = {"epoch": "epoch-1", "offset": 0}


@pytest.fixture
def anna(keeper: FakeKeeper) -> Principal:
    """Missed 7 MB."""
    anna = some_principal()
    for number in range(EVENTS):
        keeper.note(anna.tenant_id, TOPIC, task_added(title=str(number), description=BIG))
    return anna


@pytest.fixture
async def chats(bus: MemoryBus) -> FakeKeeper:
    keeper = FakeKeeper(bus, "conversation")
    await keeper.start()
    return keeper


async def test_polling_goes_on_page_by_page(server: LiveServer, anna: Principal) -> None:
    offsets: list[int] = []
    place, has_more = "epoch-1:0", True
    async with aiohttp.ClientSession(headers=as_gateway(anna)) as session:
        while has_more:
            query = {"topic": TOPIC, "after": place}
            async with session.get(f"http://127.0.0.1:{server.port}/api/v1/events", params=query) as answer:
                body = await answer.read()
                page: dict[str, Any] = await answer.json()
            assert len(body) < PAGE_BYTES + 2 * len(BIG)
            assert page["recovered"]
            offsets += [item["offset"] for item in page["items"]]
            place, has_more = f"{page['epoch']}:{page['offset']}", page["has_more"]

    assert offsets == list(range(1, EVENTS + 1))


async def test_a_subscription_catches_up_and_goes_on_live(
    connect: Callable[..., Any], keeper: FakeKeeper, anna: Principal
) -> None:
    client: RawClient = await connect(anna)

    await client.send(action="subscribe", topic=TOPIC, since=START)
    missed = [(await client.next())["offset"] for _ in range(EVENTS)]
    answer = await client.next()
    await keeper.publish(anna.tenant_id, TOPIC)

    assert missed == list(range(1, EVENTS + 1))
    assert (answer["action"], answer["recovered"], answer["offset"]) == ("subscribed", True, EVENTS)
    assert (await client.next())["offset"] == EVENTS + 1


async def test_a_reader_that_pauses_is_waited_for(
    connect: Callable[..., Any], keeper: FakeKeeper, anna: Principal
) -> None:
    client: RawClient = await connect(anna)
    transport = client.socket.transport

    await client.send(action="subscribe", topic=TOPIC, since=START)
    await client.next()
    transport.pause_reading()
    await eventually(lambda: keeper.questions.count("replay") > 2)  # the next part is on its way, and finds no room
    transport.resume_reading()
    rest = [(await client.next())["offset"] for _ in range(EVENTS - 1)]

    assert rest == list(range(2, EVENTS + 1))
    assert (await client.next())["recovered"]


async def test_what_happens_during_a_long_replay_comes_behind_it(
    connect: Callable[..., Any], keeper: FakeKeeper, anna: Principal
) -> None:
    client: RawClient = await connect(anna)

    await client.send(action="subscribe", topic=TOPIC, since=START)
    first = (await client.next())["offset"]
    for _ in range(5):
        await keeper.publish(anna.tenant_id, TOPIC, task_added(description=BIG))
    told = [first]
    while told[-1] < EVENTS + 5:
        frame = await client.next()
        told += [frame["offset"]] if "event" in frame else []

    assert told == list(range(1, EVENTS + 6))


async def test_an_event_stream_catches_up(server: LiveServer, keeper: FakeKeeper, anna: Principal) -> None:
    fresh = await EventSource.open(server.port, anna, [TOPIC])
    position = (await fresh.next()).id
    await fresh.close()
    for number in range(EVENTS):
        keeper.note(anna.tenant_id, TOPIC, task_added(title=str(number), description=BIG))

    source = await EventSource.open(server.port, anna, [TOPIC], last_event_id=position)
    told = [(await source.next()).data["offset"] for _ in range(EVENTS)]
    place = await source.next()
    await source.close()

    assert told == list(range(EVENTS + 1, 2 * EVENTS + 1))
    assert (place.name, place.data["recovered"]) == ("subscribed", True)


@pytest.mark.parametrize("transports", [["websocket"], ["polling"]])
async def test_a_chat_catches_up_over_socketio(server: LiveServer, chats: FakeKeeper, transports: list[str]) -> None:
    anna = some_principal()
    for number in range(EVENTS):
        chats.note(anna.tenant_id, chat_topic(CHAT), chat_message_added(CHAT, f"{number} {BIG}"))

    client = await ChatClient.open(server.port, anna, transports=transports, auth={"since": {str(CHAT): START}})
    heard = [await client.next() for _ in range(EVENTS)]
    await client.close()

    assert [data["offset"] for name, data in heard if name == "serverMessage"] == list(range(1, EVENTS + 1))


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy with other things must not look like a reader that has stopped."""
    monkeypatch.setattr(connection, "STALL_SECONDS", 30.0)
