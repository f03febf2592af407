"""Whose polls an Engine.IO session answers, and how little a socket costs that wants to take it over."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import msgspec
import pytest
from event_source import as_gateway
from raw_socket import CLOSE, PING, PONG, TEXT, RawSocket, frame
from realtime_client import RawClient
from realtime_fakes import FakeAuth, LiveServer, some_principal, unix_now

from shared.events.auth import SessionRevoked
from shared.identity import QUERY_HEADER
from shared.principal import Principal

FROM_QUERY = {QUERY_HEADER: "yes"}


class Session:
    """An Engine.IO session over polls, with every answer as it came."""

    def __init__(self, http: aiohttp.ClientSession, port: int) -> None:
        self._http = http
        self.port = port
        self.sid = ""

    async def begin(self, principal: Principal | None = None, **headers: str) -> None:
        status, text = await self.poll(principal, **headers)
        assert status == 200
        self.sid = text.split('"')[3]

    async def poll(self, principal: Principal | None = None, **headers: str) -> tuple[int, str]:
        return await self._request("GET", principal, headers)

    async def post(self, data: str, principal: Principal | None = None) -> int:
        return (await self._request("POST", principal, {}, data=data))[0]

    async def upgrade(self, principal: Principal | None = None) -> RawSocket:
        path = f"/ws/?EIO=4&transport=websocket&sid={self.sid}"
        return await RawSocket.open(self.port, principal, path=path)

    async def upgrade_refusal(self) -> int:
        url = f"http://127.0.0.1:{self.port}/ws/?EIO=4&transport=websocket&sid={self.sid}"
        nonce = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
        async with self._http.get(url, headers={"Upgrade": "websocket", "Connection": "Upgrade", **nonce}) as answer:
            return answer.status

    async def _request(
        self, method: str, principal: Principal | None, headers: dict[str, str], **about: Any
    ) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}/ws/?EIO=4&transport=polling" + (f"&sid={self.sid}" if self.sid else "")
        shown = {**(as_gateway(principal) if principal else {}), **headers}
        async with self._http.request(method, url, headers=shown, **about) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


@pytest.fixture
async def session(server: LiveServer, http: aiohttp.ClientSession) -> Session:
    return Session(http, server.port)


async def test_each_request_of_a_session_shows_the_header_that_opened_it(session: Session) -> None:
    anna = some_principal()
    another_session = some_principal(anna.tenant_id, user_id=anna.user_id)
    await session.begin(anna)

    refused = [await session.post("3", whose) for whose in (None, another_session, some_principal())]
    renewed = msgspec.structs.replace(anna)

    assert refused == [400, 400, 400]
    assert await session.post("3", renewed) == 200
    assert await session.upgrade_refusal() == 400


async def test_the_id_is_enough_for_a_session_whose_credential_stood_in_the_address(session: Session) -> None:
    anna = some_principal()
    await session.begin(anna, **FROM_QUERY)

    assert await session.post("3") == 200
    assert await session.post("3", anna) == 200
    assert await session.post("3", some_principal()) == 400


async def test_an_upgrade_that_does_not_come_to_its_end_is_closed(start_server, http) -> None:
    server = await start_server(upgrade_seconds=0.2)
    session = Session(http, server.port)
    await session.begin()
    socket = await session.upgrade()

    frames = await socket.heard()

    assert [(got.opcode, got.payload) for got in frames] == [(CLOSE, b"\x0f\xa8")]  # 4008
    assert await session.post("3") == 200


async def test_an_upgrade_ends_with_its_session(session: Session, auth: FakeAuth) -> None:
    anna = some_principal()
    await session.begin(anna)
    socket = await session.upgrade(anna)

    ended = SessionRevoked(session_id=anna.session_id, user_id=anna.user_id, revoked_at=unix_now(), reason="logout")
    await auth.publish(ended)

    assert (await socket.heard())[-1] == (CLOSE, b"\x0f\xa9")  # 4009


async def test_pings_are_not_answered_without_end_before_an_upgrade_is_complete(session: Session) -> None:
    await session.begin()
    socket = await session.upgrade()

    await socket.send(frame(PING, b"x" * 125) * 500)
    frames = await socket.heard()

    assert frames[-1].opcode == CLOSE
    assert 1 <= sum(got.opcode == PONG for got in frames) <= 25


async def test_a_session_is_upgraded_once(session: Session) -> None:
    await session.begin()
    first = await session.upgrade()
    assert await session.upgrade_refusal() == 400

    await first.send(frame(TEXT, b"2probe"))
    assert await first.next() == (TEXT, b"3probe")
    await first.send(frame(TEXT, b"5") + frame(TEXT, b"2still there?"))

    assert await first.next() == (TEXT, b"3still there?")
    assert (await session.poll())[0] == 400
    assert await session.post("3") == 400
    assert await session.upgrade_refusal() == 400
    first.close()


async def test_an_upgrade_counts_for_its_address_until_it_has_taken_over(start_server, http) -> None:
    server = await start_server(rate_limit_scale=0.1)  # 50 of an address
    crowd = [await RawClient.open(server.port) for _ in range(48)]
    session, other = Session(http, server.port), Session(http, server.port)
    await session.begin()
    first = await session.upgrade()

    refused = await RawClient.open(server.port)
    assert (await refused.until_closed())[1] == 4029
    await first.send(frame(TEXT, b"2probe") + frame(TEXT, b"5"))
    assert await first.next() == (TEXT, b"3probe")
    await other.begin()
    one_too_many = await other.upgrade()

    assert (await one_too_many.heard())[-1] == (CLOSE, b"\x0f\xbd")  # 4029
    first.close()
    for client in crowd:
        await client.close()
