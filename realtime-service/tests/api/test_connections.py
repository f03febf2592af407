"""How sockets begin, how long they may live, and the codes they end with."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import aiohttp
import msgspec
import pytest
from event_source import as_gateway
from raw_socket import RawSocket
from realtime_client import RawClient
from realtime_fakes import LiveServer, some_principal, task_added, unix_now
from websockets.exceptions import ConnectionClosed, InvalidStatus

from shared.events.auth import ApiKeyRevoked, Heartbeat, MembershipRemoved, SessionRevoked, TenantClosed
from shared.events.changes import Removed
from shared.events.questions import EndedSession
from shared.identity import HEADER
from shared.principal import Tier
from shared.testing.eventually import eventually

TOPIC = "tasks:0189aaaa-0000-7000-8000-000000000001"


@pytest.mark.parametrize("path", ["/ws", "/ws/"])
async def test_a_token_in_the_first_frame_opens_the_connection(connect, keeper, auth, path: str) -> None:
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    client = await connect(path=path)

    await client.send(action="auth", token=auth.token(anna))
    await client.hears_nothing()

    assert (await client.subscribe(TOPIC))["action"] == "subscribed"


async def test_without_a_credential_nothing_is_answered(connect) -> None:
    client = await connect()

    await client.send(action="subscribe", topic=TOPIC)
    frames, code = await client.until_closed()

    assert [frame["code"] for frame in frames] == ["AUTH_REQUIRED"]
    assert code == 4001


async def test_silence_about_oneself_ends_the_connection(start_server) -> None:
    server = await start_server(first_auth_seconds=0.2)
    client = await RawClient.open(server.port)

    frames, code = await client.until_closed()

    assert ([frame["code"] for frame in frames], code) == (["AUTH_REQUIRED"], 4001)


@pytest.mark.parametrize(("age", "code"), [(0, "AUTH_INVALID_TOKEN"), (5000, "AUTH_TOKEN_EXPIRED")])
async def test_a_bad_token_is_named_and_ends_the_connection(connect, auth, age: int, code: str) -> None:
    made = datetime.now(UTC) - timedelta(seconds=age)
    token = auth.token(some_principal(), now=made) + ("" if age else "x")
    client = await connect()

    await client.send(action="auth", token=token)
    frames, close_code = await client.until_closed()

    assert ([frame["code"] for frame in frames], close_code) == ([code], 4001)


async def test_an_identity_for_another_service_is_refused_before_the_handshake(server: LiveServer) -> None:
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(f"http://127.0.0.1:{server.port}/ws", headers={HEADER: "nonsense"})

    assert refused.value.status == 401


async def test_other_addresses_do_not_exist(server: LiveServer) -> None:
    for path in ("/ws/0189aaaa-0000-7000-8000-000000000001/x", "/wss"):
        with pytest.raises(InvalidStatus) as refused:
            await RawClient.open(server.port, path=path)
        assert refused.value.response.status_code == 404


async def test_a_plain_request_is_told_to_upgrade(server: LiveServer) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{server.port}/ws") as answer:
        assert answer.status == 426
        assert (await answer.json())["error"]["code"] == "UPGRADE_REQUIRED"


async def test_an_expiring_token_is_announced_and_its_end_closes_the_connection(start_server) -> None:
    server = await start_server(expiry_warning_seconds=60, expiry_grace_seconds=0.1)
    client = await RawClient.open(server.port, some_principal(), expires_at=unix_now() + 2)

    frames, code = await client.until_closed()

    assert [frame["action"] for frame in frames] == ["token_expiring", "error"]
    assert frames[-1]["code"] == "AUTH_TOKEN_EXPIRED"
    assert code == 4001


async def test_a_fresh_token_keeps_the_connection_open(start_server, auth) -> None:
    server = await start_server(expiry_grace_seconds=0.1, expiry_warning_seconds=60)
    anna = some_principal()
    client = await RawClient.open(server.port, anna, expires_at=unix_now() + 2)
    await client.next()

    await client.send(action="auth", token=auth.token(anna))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.5):
            await client.socket.recv()
    assert await client.hears_nothing()
    await client.close()


async def test_a_token_of_somebody_else_does_not_take_the_connection_over(connect, auth) -> None:
    client = await connect(some_principal())

    await client.send(action="auth", token=auth.token(some_principal()))
    frames, code = await client.until_closed()

    assert ([frame["code"] for frame in frames], code) == (["AUTH_FORBIDDEN"], 4001)


async def test_a_revoked_session_is_closed_within_a_second(connect, auth) -> None:
    anna = some_principal()
    ended, other = await connect(anna), await connect(some_principal(anna.tenant_id, user_id=anna.user_id))

    revoked = SessionRevoked(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout")
    await auth.publish(revoked)
    async with asyncio.timeout(1.0):
        frames, code = await ended.until_closed()

    assert ([frame["code"] for frame in frames], code) == (["AUTH_SESSION_REVOKED"], 4009)
    assert await other.hears_nothing()


async def test_the_socket_of_a_revoked_key_is_closed_within_a_second(connect, auth) -> None:
    key = msgspec.structs.replace(some_principal(), scopes=("tasks:read",))
    its_owner = some_principal(key.tenant_id, user_id=key.user_id)
    ended, other = await connect(key), await connect(its_owner)

    await auth.publish(ApiKeyRevoked(key_id=key.session_id, user_id=key.user_id, revoked_at=unix_now()))
    async with asyncio.timeout(1.0):
        frames, code = await ended.until_closed()

    assert ([frame["code"] for frame in frames], code) == (["AUTH_SESSION_REVOKED"], 4009)
    assert await other.hears_nothing()


async def test_all_sockets_of_a_closed_tenant_are_closed_within_a_second(connect, auth) -> None:
    anna = some_principal()
    key = msgspec.structs.replace(some_principal(anna.tenant_id), scopes=("tasks:read",))
    session, machine, other = await connect(anna), await connect(key), await connect(some_principal())

    await auth.publish(TenantClosed(tenant_id=anna.tenant_id, restorable_until=datetime.now(UTC)))
    async with asyncio.timeout(1.0):
        ended = [await client.until_closed() for client in (session, machine)]

    assert [code for _, code in ended] == [4009, 4009]
    assert await other.hears_nothing()


async def test_the_sockets_of_keys_close_when_their_owner_leaves_the_tenant(connect, auth) -> None:
    key = msgspec.structs.replace(some_principal(), scopes=("tasks:read",))
    elsewhere = msgspec.structs.replace(some_principal(user_id=key.user_id), scopes=("tasks:read",))
    ended, other = await connect(key), await connect(elsewhere)

    gone = MembershipRemoved(
        entity_id=key.user_id,
        version=2,
        tenant_id=key.tenant_id,
        user_id=key.user_id,
        payload=Removed(id=key.user_id),
    )
    await auth.publish(gone)
    async with asyncio.timeout(1.0):
        _, code = await ended.until_closed()

    assert code == 4009
    assert await other.hears_nothing()


async def test_an_older_token_of_a_revoked_session_does_not_open_a_connection(connect, auth) -> None:
    anna = some_principal()
    token = auth.token(anna)
    revoked = SessionRevoked(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout")
    await auth.publish(revoked)
    client = await connect()

    await client.send(action="auth", token=token)
    frames, code = await client.until_closed()

    assert ([frame["code"] for frame in frames], code) == (["AUTH_SESSION_REVOKED"], 4009)


async def test_a_session_that_ended_before_the_node_began_does_not_open_a_connection(auth, start_server) -> None:
    anna = some_principal()
    token = auth.token(anna)
    auth.ended = [EndedSession(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now())]
    server = await start_server()
    client = await RawClient.open(server.port)

    await client.send(action="auth", token=token)
    frames, code = await client.until_closed()

    assert ([frame["code"] for frame in frames], code) == (["AUTH_SESSION_REVOKED"], 4009)


async def test_a_session_that_ended_while_the_bus_was_away_is_closed_when_it_is_back(connect, auth, broker) -> None:
    anna = some_principal()
    client = await connect(anna)
    broker.interrupt()
    auth.ended = [EndedSession(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now())]
    assert (await client.next())["action"] == "degraded"

    broker.restore()
    frames, code = await client.until_closed()

    assert (frames[-1]["code"], code) == ("AUTH_SESSION_REVOKED", 4009)


async def test_a_session_that_ends_while_no_events_come_is_closed_all_the_same(connect, auth) -> None:
    anna = some_principal()
    client = await connect(anna)

    auth.ended = [EndedSession(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now())]
    await auth.publish(Heartbeat(unsent_seconds=60.0))
    async with asyncio.timeout(1.0):
        frames, code = await client.until_closed()

    assert (frames[0]["action"], code) == ("degraded", 4009)


async def test_who_does_not_read_is_closed_and_nobody_else_notices(start_server, keeper) -> None:
    server = await start_server(close_grace_seconds=10.0)
    metrics = server.app.ctx.metrics.registry
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    reader = await RawClient.open(server.port, anna)
    stalled = await RawClient.open(server.port, anna)
    for client in (reader, stalled):
        await client.subscribe(TOPIC)
    stalled.socket.transport.pause_reading()

    while metrics.get_sample_value("tessera_live_buffered_bytes") < 256 * 1024:
        sent = await keeper.publish(anna.tenant_id, TOPIC, task_added(description="x" * 30_000))
        assert (await reader.next())["id"] == str(sent.id)
    await keeper.publish(anna.tenant_id, TOPIC)
    assert (await reader.next())["event"] == "ADDED"
    stalled.socket.transport.resume_reading()
    with pytest.raises(ConnectionClosed) as closed:
        async for _ in _frames(stalled):
            pass

    assert closed.value.rcvd.code == 4008
    await eventually(lambda: metrics.get_sample_value("tessera_live_closes_total", {"code": "4008"}) == 1)
    await reader.close()


async def test_presence_is_left_out_for_who_is_behind_and_told_when_it_has_caught_up(server, keeper, auth) -> None:
    metrics = server.app.ctx.metrics.registry
    anna = some_principal()
    ben = some_principal(anna.tenant_id)
    keeper.create(anna.tenant_id, TOPIC)
    slow, other = await RawClient.open(server.port, anna), await RawClient.open(server.port, ben)
    await slow.subscribe(TOPIC, presence=True)
    await slow.next()
    slow.socket.transport.pause_reading()

    while metrics.get_sample_value("tessera_live_buffered_bytes") < 64 * 1024:
        await keeper.publish(anna.tenant_id, TOPIC, task_added(description="x" * 30_000))
        await asyncio.sleep(0)
    await other.subscribe(TOPIC, presence=True)
    await eventually(lambda: metrics.get_sample_value("tessera_live_shed_total") > 0)
    slow.socket.transport.resume_reading()

    async with asyncio.timeout(5.0):
        told = [frame async for frame in _until_presence(slow)]
    assert str(ben.user_id) in {member["user_id"] for member in told[-1]["data"]["joined"]}
    for client in (slow, other):
        await client.close()


async def test_a_frame_over_64_kib_is_too_big(connect) -> None:
    client = await connect(some_principal())

    await client.send(action="ping", id="x" * 70_000)
    frames, code = await client.until_closed()

    assert (frames, code) == ([], 1009)


async def test_text_that_is_not_utf8_is_refused(connect) -> None:
    client = await connect(some_principal())

    await client.socket.send(b"\xff\xfe", text=True)

    assert (await client.until_closed())[1] == 1007


async def test_a_flood_is_answered_then_closed(connect) -> None:
    client = await connect(some_principal())

    for _ in range(60):
        await client.send(action="ping")
    frames, code = await client.until_closed()

    errors = [frame for frame in frames if frame["action"] == "error"]
    assert errors[0]["temporary"] is True
    assert errors[0]["retry_after_ms"] > 0
    assert code == 4029


async def test_one_connection_too_many_of_a_user_is_refused_until_another_has_gone(start_server) -> None:
    server = await start_server(rate_limit_scale=0.06, live_quota_scale=0.06)  # 3 of a user, 6 of a free tenant
    anna = some_principal()
    first, second, third = [await RawClient.open(server.port, anna) for _ in range(3)]

    refused = await RawClient.open(server.port, anna)
    frames, code = await refused.until_closed()
    await first.close()

    assert [(frame["code"], frame["temporary"]) for frame in frames] == [("WS_TOO_MANY_CONNECTIONS", True)]
    assert frames[0]["retry_after_ms"] > 0
    assert code == 4029
    fourth = await RawClient.open(server.port, anna)
    assert await fourth.hears_nothing()
    for client in (second, third, fourth):
        await client.close()


async def test_a_tenant_has_as_many_connections_as_its_tier(start_server) -> None:
    server = await start_server(rate_limit_scale=0.06, live_quota_scale=0.06)
    free, pro = some_principal(), some_principal(tier=Tier.PRO)
    crowd = [await RawClient.open(server.port, some_principal(free.tenant_id)) for _ in range(6)]
    more = [await RawClient.open(server.port, some_principal(pro.tenant_id, tier=Tier.PRO)) for _ in range(7)]

    last = await RawClient.open(server.port, some_principal(free.tenant_id))
    frames, code = await last.until_closed()

    assert ([frame["code"] for frame in frames], code) == (["TIER_LIMIT_EXCEEDED"], 4029)
    about = frames[0]["details"]
    assert (about["quota"], about["limit"], about["used"], about["tier"]) == ("live_connections", 6, 6, "free")
    assert about["required_tier"] == "pro"
    assert [await client.hears_nothing() for client in more] == [True] * 7
    for client in (*crowd, *more):
        await client.close()


async def test_of_fifty_parallel_connections_a_tenant_gets_exactly_its_limit(start_server) -> None:
    server = await start_server(rate_limit_scale=0.12, live_quota_scale=0.12)  # 12 of a free tenant
    tenant = some_principal().tenant_id
    crowd = await asyncio.gather(*(RawClient.open(server.port, some_principal(tenant)) for _ in range(50)))

    endings = await asyncio.gather(*(_ending(client) for client in crowd))

    assert sorted(endings, key=str) == [4029] * 38 + ["open"] * 12
    await asyncio.gather(*(client.close() for client in crowd))


async def test_refused_connections_take_no_place_of_their_tenant(start_server) -> None:
    server = await start_server(
        rate_limit_scale=0.02, live_quota_scale=0.02, close_grace_seconds=30.0
    )  # 2 of a free tenant
    tenant = some_principal().tenant_id
    first, second = [await RawClient.open(server.port, some_principal(tenant)) for _ in range(2)]
    refused = [await RawSocket.open(server.port, some_principal(tenant)) for _ in range(3)]  # they do not answer

    await first.close()
    third = await RawClient.open(server.port, some_principal(tenant))

    assert await third.socket.ping()
    for client in (second, third):
        assert client.socket.close_code is None
        await client.close()
    for socket in refused:
        socket.close()


async def test_connections_on_other_nodes_count_until_they_have_gone(start_server) -> None:
    one, other = [
        await start_server(rate_limit_scale=0.06, live_quota_scale=0.06) for _ in range(2)
    ]  # 6 of a free tenant
    tenant = some_principal().tenant_id
    crowd = [await RawClient.open(one.port, some_principal(tenant)) for _ in range(6)]

    async def is_refused() -> bool:
        client = await RawClient.open(other.port, some_principal(tenant))
        ending = await _ending(client)
        await client.close()
        return ending == 4029

    await eventually(is_refused)
    for client in crowd:
        await client.close()

    async def is_let_in() -> bool:
        return not await is_refused()

    await eventually(is_let_in)


async def test_an_event_stream_over_the_limit_of_the_tier_is_refused_by_http(start_server, keeper) -> None:
    server = await start_server(rate_limit_scale=0.02, live_quota_scale=0.02)  # 2 of a free tenant
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    crowd = [await RawClient.open(server.port, some_principal(anna.tenant_id)) for _ in range(2)]
    url = f"http://127.0.0.1:{server.port}/api/v1/events/stream?topics={TOPIC}"

    async with aiohttp.ClientSession(headers=as_gateway(anna)) as session, session.get(url) as answer:
        error = (await answer.json())["error"]

    assert (answer.status, error["code"], error["details"]["limit"]) == (403, "TIER_LIMIT_EXCEEDED", 2)
    for client in crowd:
        await client.close()


async def test_addresses_of_one_ipv6_network_count_as_one(start_server) -> None:
    server = await start_server(rate_limit_scale=0.004)  # 2 of an address
    headers = [{"X-Forwarded-For": f"2001:db8:0:1::{number}"} for number in range(1, 4)]
    url = f"ws://127.0.0.1:{server.port}/ws"
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(url, headers=each) for each in headers]
        await sockets[2].receive()
        last = await sockets[2].receive()
        elsewhere = await session.ws_connect(url, headers={"X-Forwarded-For": "2001:db8:0:2::1"})
        assert (last.data, elsewhere.closed) == (4029, False)
        for socket in (*sockets, elsewhere):
            await socket.close()


async def test_one_address_has_so_many_connections_known_or_not(start_server) -> None:
    server = await start_server(rate_limit_scale=0.004)  # 2 of an address
    crowd = [await RawClient.open(server.port) for _ in range(2)]

    last = await RawClient.open(server.port)

    frames, code = await last.until_closed()
    assert ([frame["code"] for frame in frames], code) == (["WS_TOO_MANY_CONNECTIONS"], 4029)
    for client in crowd:
        await client.close()


async def test_a_stop_announces_itself_and_closes_with_1012(start_server, keeper) -> None:
    server = await start_server(drain_seconds=0.3)
    anna = some_principal()
    keeper.create(anna.tenant_id, TOPIC)
    clients = [await RawClient.open(server.port, anna) for _ in range(10)]
    await clients[0].subscribe(TOPIC)

    stopping = asyncio.create_task(server.stop())
    endings = await asyncio.gather(*(client.until_closed() for client in clients))
    await stopping

    assert {code for _, code in endings} == {1012}
    assert all(frames[-1]["action"] == "going_away" and frames[-1]["retry_after_ms"] > 0 for frames, _ in endings)


async def test_a_peer_that_is_gone_without_a_word_is_noticed(start_server) -> None:
    server = await start_server(ping_seconds=0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    await reader.readuntil(b"\r\n\r\n")

    with suppress(ConnectionResetError):
        async with asyncio.timeout(2.0):
            await reader.read()
    assert reader.at_eof() or reader.exception() is not None
    writer.close()


async def _ending(client: RawClient) -> int | str:
    """The code of a connection that was refused."""
    with suppress(ConnectionClosed):
        if await client.ask(action="ping") == {"action": "pong"}:
            return "open"
    return (await client.until_closed())[1]


async def _until_presence(client: RawClient):
    while True:
        frame = await client.next()
        yield frame
        if frame["event"] == "PRESENCE":
            return


async def _frames(client: RawClient):
    while True:
        yield await client.socket.recv()
