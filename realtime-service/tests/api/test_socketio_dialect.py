"""The Socket.IO dialect, heard by the stock Python client over every transport."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from event_source import as_gateway, as_refused
from realtime_client import RawClient
from realtime_fakes import FakeAuth, FakeKeeper, LiveServer, chat_message_added, some_principal, unix_now
from socketio.exceptions import ConnectionError as Refused
from socketio_client import ChatClient
from websockets.exceptions import ConnectionClosed

from shared.events.auth import MembershipRemoved, SessionRevoked
from shared.events.authors import Author
from shared.events.changes import Removed
from shared.events.chats import ChatMessageDeleted, ChatRead, ReadMark, RemovedChatMessage
from shared.events.topics import chat_topic
from shared.identity import HEADER, REFUSAL_HEADER
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.testing.eventually import eventually
from shared.testing.http_session import http_session

CHAT = UUID("0189aaaa-0000-7000-8000-000000000001")
OTHER = UUID("0189aaaa-0000-7000-8000-000000000002")
TOPIC = chat_topic(CHAT)
TRANSPORTS = {"websocket": ["websocket"], "polling": ["polling"], "upgrade": ["polling", "websocket"]}


@pytest.fixture
async def chats(bus: MemoryBus) -> FakeKeeper:
    keeper = FakeKeeper(bus, "conversation")
    await keeper.start()
    return keeper


@pytest.fixture
async def chat(server: LiveServer) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def open_client(*args: Any, **kwargs: Any) -> ChatClient:
            client = await ChatClient.open(server.port, *args, **kwargs)
            stack.push_async_callback(client.close)
            return client

        yield open_client


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
async def test_a_message_reaches_the_chats_of_its_reader(chat, chats: FakeKeeper, transports: list[str]) -> None:
    anna = some_principal()
    chats.create(anna.tenant_id, TOPIC)
    client = await chat(anna, transports=transports)
    room = await client.next_of("roomJoined")

    author = Author(new_id(), "Ben")
    said = chat_message_added(CHAT, "Good morning \N{SUN WITH FACE}" * 40, author_id=author.id, author=author)
    await chats.publish(anna.tenant_id, TOPIC, said)
    name, told = await client.next()

    state = said.payload
    assert room == {"chat_id": str(CHAT), "epoch": "epoch-1", "offset": 0, "recovered": False}
    assert name == "serverMessage"
    assert told == {
        "chat_id": str(CHAT),
        "message_id": str(state.id),
        "author": str(state.author_id),
        "author_name": "Ben",
        "content": state.content,
        "timestamp": round(state.created_at.timestamp() * 1000),
        "type": "text",
        "created_at": told["created_at"],
        "epoch": "epoch-1",
        "offset": 1,
    }
    assert datetime.fromisoformat(told["created_at"]) == state.created_at
    assert client.client.transport() == transports[-1]


async def test_deletions_and_read_marks_have_events_of_their_own(chat, chats: FakeKeeper) -> None:
    anna, ben = some_principal(), new_id()
    chats.create(anna.tenant_id, TOPIC)
    client = await chat(anna)
    await client.next_of("roomJoined")

    gone = RemovedChatMessage(id=new_id(), chat_id=CHAT, number=3, place=chat_message_added(CHAT).payload)
    mark = ReadMark(chat_id=CHAT, user_id=ben, last_read_number=7, unread_count=0)
    await chats.publish(anna.tenant_id, TOPIC, ChatMessageDeleted(entity_id=gone.id, version=2, payload=gone))
    await chats.publish(anna.tenant_id, TOPIC, ChatRead(entity_id=CHAT, version=7, payload=mark))

    place = {"epoch": "epoch-1", "chat_id": str(CHAT)}
    assert await client.next() == ("messageDeleted", {"message_id": str(gone.id), "offset": 1, **place})
    assert await client.next() == ("readMark", {"user_id": str(ben), "last_read_number": 7, "offset": 2, **place})


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
async def test_who_comes_back_hears_exactly_what_was_missed(chat, chats: FakeKeeper, transports: list[str]) -> None:
    anna = some_principal()
    for _ in range(4):
        await chats.publish(anna.tenant_id, TOPIC, chat_message_added(CHAT))

    since = {str(CHAT): {"epoch": "epoch-1", "offset": 1}}
    client = await chat(anna, transports=transports, auth={"since": since})
    heard = [await client.next() for _ in range(4)]

    assert [(name, data["offset"]) for name, data in heard] == [
        ("serverMessage", 2),
        ("serverMessage", 3),
        ("serverMessage", 4),
        ("roomJoined", 4),
    ]
    assert heard[-1][1]["recovered"] is True


async def test_joining_again_with_since_replays_from_there(chat, chats: FakeKeeper) -> None:
    anna = some_principal()
    for _ in range(3):
        await chats.publish(anna.tenant_id, TOPIC, chat_message_added(CHAT))
    client = await chat(anna)
    await client.next_of("roomJoined")

    place = {"chat_id": str(CHAT), "since": {"epoch": "epoch-1", "offset": 2}}
    recovered = await client.ask("clientJoinRoom", place)
    other_epoch = await client.ask("clientJoinRoom", {**place, "since": {"epoch": "gone", "offset": 2}})

    assert (await client.next())[1]["offset"] == 3
    assert recovered == {"ok": True, "epoch": "epoch-1", "offset": 3, "recovered": True}
    assert other_epoch["ok"] is True
    assert (other_epoch["recovered"], other_epoch["reason"]) == (False, "epoch_changed")


async def test_absent_and_foreign_chats_are_answered_alike(chat, chats: FakeKeeper) -> None:
    anna, ben = some_principal(), some_principal()
    chats.create(ben.tenant_id, TOPIC)
    client = await chat(anna)

    foreign = await client.ask("clientJoinRoom", {"chat_id": str(CHAT)})
    absent = await client.ask("clientJoinRoom", {"chat_id": str(OTHER)})
    await chats.publish(ben.tenant_id, TOPIC, chat_message_added(CHAT))

    assert foreign == absent
    assert (foreign["ok"], foreign["error"]["code"]) == (False, "CHAT_NOT_FOUND")
    assert (await client.ask("typing", {"chat_id": str(CHAT)}))["error"]["code"] == "CHAT_NOT_FOUND"
    assert (await client.ask("clientLeaveRoom", {"chat_id": str(CHAT)})) == {"ok": True}


async def test_a_room_that_was_left_stays_quiet_until_it_is_joined(chat, chats: FakeKeeper) -> None:
    anna = some_principal()
    chats.create(anna.tenant_id, TOPIC)
    client = await chat(anna)
    await client.next_of("roomJoined")

    await client.ask("clientLeaveRoom", {"chat_id": str(CHAT)})
    await chats.publish(anna.tenant_id, TOPIC, chat_message_added(CHAT))
    joined = await client.ask("clientJoinRoom", {"chat_id": str(CHAT)})
    await chats.publish(anna.tenant_id, TOPIC, chat_message_added(CHAT))

    assert joined["offset"] == 1
    assert (await client.next())[1]["offset"] == 2


async def test_typing_is_told_to_the_others_only(chat, chats: FakeKeeper) -> None:
    anna = some_principal()
    ben = some_principal(anna.tenant_id)
    chats.create(anna.tenant_id, TOPIC)
    first, second = await chat(anna), await chat(ben)
    for client in (first, second):
        await client.next_of("roomJoined")

    assert await first.ask("typing", {"chat_id": str(CHAT)}) == {"ok": True}
    told = await second.next()
    await second.ask("typing", {"chat_id": str(CHAT)})

    assert told == ("typing", {"chat_id": str(CHAT), "user_id": str(anna.user_id)})
    assert await first.next() == ("typing", {"chat_id": str(CHAT), "user_id": str(ben.user_id)})


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("clientJoinRoom", {}, "WS_INVALID_MESSAGE"),
        ("clientJoinRoom", None, "WS_INVALID_MESSAGE"),
        ("clientJoinRoom", {"chat_id": "x"}, "WS_INVALID_MESSAGE"),
        ("clientJoinRoom", {"chat_id": str(CHAT), "more": 1}, "WS_INVALID_MESSAGE"),
        ("clientJoinRoom", {"chat_id": str(CHAT), "since": {"epoch": "e", "offset": 2**60}}, "WS_INVALID_MESSAGE"),
        ("serverMessage", {"chat_id": str(CHAT)}, "WS_UNKNOWN_TYPE"),
        ("disconnecting", {}, "WS_UNKNOWN_TYPE"),
    ],
)
async def test_nonsense_is_named_and_costs_nothing(chat, chats: FakeKeeper, name: str, data: Any, code: str) -> None:
    client = await chat(some_principal())

    assert (await client.ask(name, data))["error"]["code"] == code
    assert (await client.ask("clientLeaveRoom", {"chat_id": str(CHAT)})) == {"ok": True}


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
async def test_who_has_no_credential_is_refused_by_name(server, auth: FakeAuth, transports: list[str]) -> None:
    old = auth.token(some_principal(), now=datetime.now(UTC) - timedelta(hours=2))
    cases = [(None, "AUTH_REQUIRED"), ({"token": "x"}, "AUTH_REQUIRED"), ({"token": old}, "AUTH_SESSION_EXPIRED")]
    for given, code in cases:
        client = ChatClient()
        with pytest.raises(Refused):
            await client.connect(server.port, transports=transports, auth=given)
        await client.close()
        assert client.refusals[0]["message"] == code
        assert client.refusals[0]["data"]["code"] == code


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("AUTH_INVALID_TOKEN", "AUTH_REQUIRED"),
        ("AUTH_TOKEN_EXPIRED", "AUTH_SESSION_EXPIRED"),
        ("AUTH_SESSION_REVOKED", "AUTH_SESSION_EXPIRED"),
    ],
)
async def test_what_the_gateway_has_refused_is_told_by_name(
    server, transports: list[str], told: str, code: str
) -> None:
    client = ChatClient()
    with pytest.raises(Refused):
        await client.connect(server.port, transports=transports, headers=as_refused(told))
    await client.close()

    assert (client.refusals[0]["message"], client.refusals[0]["data"]["code"]) == (code, code)


async def test_a_good_token_makes_up_for_a_bad_handshake(chat, auth: FakeAuth) -> None:
    client = await chat(auth={"token": auth.token(some_principal())}, headers=as_refused("AUTH_TOKEN_EXPIRED"))

    assert await client.ask("clientLeaveRoom", {"chat_id": str(CHAT)}) == {"ok": True}


async def test_a_session_that_has_ended_is_told_so_at_the_next_connect(server, auth: FakeAuth) -> None:
    anna = some_principal()
    await auth.publish(
        SessionRevoked(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout")
    )
    client = ChatClient()

    with pytest.raises(Refused):
        await client.connect(server.port, anna)
    await client.close()

    assert client.refusals[0]["message"] == "AUTH_SESSION_EXPIRED"


@pytest.mark.parametrize("headers", [{REFUSAL_HEADER: "AUTH_TOKEN_EXPIRED"}, {HEADER: "a.b.c"}])
@pytest.mark.parametrize("path", ["/ws/?EIO=4&transport=polling", "/ws", f"/ws/{CHAT}"])
async def test_what_the_gateway_has_not_signed_is_refused_by_http(
    server: LiveServer, path: str, headers: dict[str, str]
) -> None:
    async with (
        http_session() as session,
        session.get(f"http://127.0.0.1:{server.port}{path}", headers=headers) as answer,
    ):
        assert answer.status == 401


@pytest.mark.parametrize("path", ["/ws", f"/ws/{CHAT}", "/api/v1/events/stream?topics=user:x"])
async def test_refusals_are_for_socketio_only(server: LiveServer, path: str) -> None:
    url, headers = f"http://127.0.0.1:{server.port}{path}", as_refused("AUTH_TOKEN_EXPIRED")
    async with http_session() as session, session.get(url, headers=headers) as answer:
        assert answer.status == 401


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
async def test_a_token_in_the_connect_packet_lets_in(chat, chats, auth: FakeAuth, transports: list[str]) -> None:
    anna = some_principal()
    chats.create(anna.tenant_id, TOPIC)

    client = await chat(auth={"token": auth.token(anna)}, transports=transports)

    assert (await client.next_of("roomJoined"))["chat_id"] == str(CHAT)
    assert await client.ask("auth", {"token": auth.token(anna)}) == {"ok": True}


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
async def test_a_revoked_session_ends_the_connection(chat, chats, auth: FakeAuth, transports: list[str]) -> None:
    anna = some_principal()
    client = await chat(anna, transports=transports)

    ended = SessionRevoked(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout")
    await auth.publish(ended)

    assert (await client.next_of("error"))["code"] == "AUTH_SESSION_REVOKED"
    await client.until_disconnected()


async def test_who_loses_a_chat_is_told_and_hears_no_more(chat, chats: FakeKeeper, auth: FakeAuth) -> None:
    anna = some_principal()
    chats.create(anna.tenant_id, TOPIC)
    client = await chat(anna)
    await client.next_of("roomJoined")

    chats.blind.add(anna.user_id)
    removed = MembershipRemoved(
        entity_id=anna.user_id, version=2, tenant_id=anna.tenant_id, user_id=anna.user_id, payload=Removed(anna.user_id)
    )
    await auth.publish(removed, anna.tenant_id)

    assert await client.next_of("roomLeft") == {"chat_id": str(CHAT)}
    assert (await client.ask("typing", {"chat_id": str(CHAT)}))["ok"] is False


@pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())
async def test_one_connection_too_many_of_a_tier_is_refused_by_name(start_server, transports: list[str]) -> None:
    server = await start_server(rate_limit_scale=0.1, live_quota_scale=0.1)  # 10 of a free tenant
    anna = some_principal()
    crowd = [await RawClient.open(server.port, some_principal(anna.tenant_id)) for _ in range(10)]
    client = ChatClient()

    with pytest.raises(Refused):
        await client.connect(server.port, anna, transports=transports)
    await client.close()

    told = client.refusals[0]["data"]
    assert (told["code"], told["details"]["used"]) == ("TIER_LIMIT_EXCEEDED", 10)
    for other in crowd:
        await other.close()


@pytest.mark.parametrize("packet", ["43[]", "42/other,[]", "2", "3", "40/other,"])
async def test_a_flood_of_any_packet_ends_the_connection(server: LiveServer, packet: str) -> None:
    client = await RawClient.open(server.port, some_principal(), path="/ws/?EIO=4&transport=websocket")

    for _ in range(60):
        await client.socket.send(packet)
    with suppress(ConnectionClosed):
        while True:
            await client.text()

    assert client.socket.close_code == 4029


async def test_the_close_code_says_why_a_websocket_ends(server: LiveServer, chats, auth: FakeAuth) -> None:
    anna = some_principal()
    client = await RawClient.open(server.port, anna, path="/ws/?EIO=4&transport=websocket")
    await client.socket.send("40")
    assert (await client.text())[0] == "0"
    assert (await client.text()).startswith("40{")

    ended = SessionRevoked(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout")
    await auth.publish(ended)

    await client.socket.wait_closed()
    assert client.socket.close_code == 4009


async def test_a_client_that_stops_polling_is_forgotten(start_server, chats: FakeKeeper) -> None:
    server = await start_server(ping_seconds=0.2)
    url, metrics = (f"http://127.0.0.1:{server.port}{path}" for path in ("/ws/?EIO=4&transport=polling", "/metrics"))
    async with aiohttp.ClientSession(headers=as_gateway(some_principal())) as session:
        sid = (await (await session.get(url)).text()).split('"')[3]
        polled = await (await session.get(f"{url}&sid={sid}")).text()

        async def is_forgotten() -> bool:
            async with session.get(metrics) as page:
                return 'tessera_live_connections{dialect="socketio"} 0.0' in await page.text()

        await eventually(is_forgotten)
        late = await session.post(f"{url}&sid={sid}", data="3")

    assert polled == "2"
    assert late.status == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("EIO=3&transport=polling", 400),
        ("EIO=4&transport=carrier-pigeon", 400),
        ("EIO=4&transport=polling&sid=made-up", 400),
        ("EIO=4&transport=websocket", 426),
        ("EIO=4", 400),
    ],
)
async def test_wrong_handshakes_are_refused(server: LiveServer, query: str, status: int) -> None:
    async with (
        aiohttp.ClientSession(headers=as_gateway(some_principal())) as session,
        session.get(f"http://127.0.0.1:{server.port}/ws/?{query}") as answer,
    ):
        assert answer.status == status


async def test_nobody_can_use_the_session_of_somebody_else(server: LiveServer) -> None:
    url = f"http://127.0.0.1:{server.port}/ws/?EIO=4&transport=polling"
    async with aiohttp.ClientSession() as session:
        first = await session.get(url, headers=as_gateway(some_principal()))
        sid = (await first.text()).split('"')[3]
        foreign = await session.get(f"{url}&sid={sid}", headers=as_gateway(some_principal()))

    assert foreign.status == 400


async def test_a_poll_may_not_carry_too_much(server: LiveServer) -> None:
    url = f"http://127.0.0.1:{server.port}/ws/?EIO=4&transport=polling"
    async with aiohttp.ClientSession(headers=as_gateway(some_principal())) as session:
        sid = (await (await session.get(url)).text()).split('"')[3]
        too_long = await session.post(f"{url}&sid={sid}", data="4" + "x" * 70_000)
        too_many = await session.post(f"{url}&sid={sid}", data="\x1e".join(["3"] * 100))

    assert (too_long.status, too_many.status) == (413, 400)
