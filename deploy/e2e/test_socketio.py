"""Chats through the gateway, heard by the stock npm client over every transport."""

from pathlib import Path
from typing import Any

import pytest

from deploy.api_client import ApiClient
from deploy.e2e.stock_chat_client import stock_client
from deploy.stack_process import StackProcess
from shared.ids import new_id

TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
EVERY_TRANSPORT = pytest.mark.parametrize("transports", TRANSPORTS.values(), ids=TRANSPORTS.keys())


@EVERY_TRANSPORT
async def test_a_chat_is_heard_and_a_lost_connection_costs_nothing(
    stack: StackProcess, ada: ApiClient, program: Path, transports: list[str]
) -> None:
    chat = (await ada.expect(201, "POST", "/chats", {"kind": "group", "title": "Moon"})).data
    messages = f"/chats/{chat['id']}/messages"

    async with stock_client(program, stack.url, {"token": ada.access_token}, transports) as client:
        room = await client.next_event("roomJoined")
        said = (await ada.expect(201, "POST", messages, {"content": "One"})).data
        one = await client.next_event("serverMessage")
        await client.drop()
        await ada.expect(201, "POST", messages, {"content": "Two"})
        await ada.expect(201, "POST", messages, {"content": "Three"})
        missed = [await client.next_event("serverMessage") for _ in range(2)]
        back = await client.emit("clientJoinRoom", {"chat_id": chat["id"]})

    assert room["chat_id"] == chat["id"]
    assert (one["message_id"], one["author"], one["content"]) == (said["id"], said["author_id"], "One")
    assert [message["content"] for message in missed] == ["Two", "Three"]
    assert (back["ok"], back["offset"]) == (True, missed[-1]["offset"])


@EVERY_TRANSPORT
async def test_who_may_not_come_in_is_told_why(
    stack: StackProcess, stranger: ApiClient, program: Path, transports: list[str]
) -> None:
    refused: dict[str, Any]
    async with stock_client(program, stack.url, {}, transports) as client:
        refused = await client.next_with("connect_error")
    async with stock_client(program, stack.url, {"token": stranger.access_token}, transports) as client:
        await client.next_with("connect")
        absent = await client.emit("clientJoinRoom", {"chat_id": str(new_id())})

    assert (refused["connect_error"], refused["data"]["code"]) == ("AUTH_REQUIRED", "AUTH_REQUIRED")
    assert (absent["ok"], absent["error"]["code"]) == (False, "CHAT_NOT_FOUND")


@EVERY_TRANSPORT
async def test_a_bad_credential_of_the_handshake_is_told_in_the_words_of_the_protocol(
    stack: StackProcess, ada: ApiClient, program: Path, transports: list[str]
) -> None:
    wrong, ended = "a.b.c", ada.access_token
    await ada.expect(204, "POST", "/auth/logout")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"extraHeaders": {"Authorization": f"Bearer {wrong}"}}, "AUTH_REQUIRED"),
        ({"extraHeaders": {"Cookie": "tessera_session=unknown", "Origin": stack.url}}, "AUTH_REQUIRED"),
        ({"query": {"token": wrong}}, "AUTH_REQUIRED"),
        ({"query": {"token": ended}}, "AUTH_SESSION_EXPIRED"),
    ]

    for options, code in cases:
        async with stock_client(program, stack.url, {}, transports, **options) as client:
            refused = await client.next_with("connect_error")
        assert (refused["connect_error"], refused["data"]["code"]) == (code, code), options
