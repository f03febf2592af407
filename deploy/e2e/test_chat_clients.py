"""A chat as its clients see it: two stock Socket.IO clients of two people, and one on raw /ws, hear the same."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pytest
from websockets.asyncio.client import ClientConnection, connect

from deploy.api_client import ApiClient, api_client
from deploy.e2e.joining import join
from deploy.e2e.stock_chat_client import StockChatClient, stock_client
from deploy.stack_process import StackProcess
from shared.testing.eventually import eventually

Fact = tuple[Any, ...]
"""What happened in a chat, at which offset: the same whatever dialect told it."""

HEARING_SECONDS = 20.0


@pytest.fixture
async def ben(stack: StackProcess, ada: ApiClient) -> AsyncIterator[ApiClient]:
    """A colleague of Ada's."""
    async with api_client(stack.url) as client:
        yield await join(ada, client, "Ben", Path(stack.environ["TESSERA_HOME"]) / "mail")


@pytest.fixture
async def chat(ada: ApiClient, ben: ApiClient) -> str:
    """The path of a chat of both, once conversation-service has heard of Ben."""
    begun: dict[str, Any] = {}

    async def is_begun() -> bool:
        answer = await ada.call("POST", "/chats", {"kind": "direct", "participant_ids": [ben.user["id"]]})
        begun.update(answer.body.get("data", {}))
        return answer.status == 201

    await eventually(is_begun, within=10.0)
    return f"/chats/{begun['id']}"


async def test_every_client_of_a_chat_sees_the_same(
    stack: StackProcess, ada: ApiClient, ben: ApiClient, chat: str, program: Path
) -> None:
    chat_id = chat.rpartition("/")[2]
    async with AsyncExitStack() as clients:
        websocket = stock_client(program, stack.url, {"token": ada.access_token}, ["websocket"])
        polling = stock_client(program, stack.url, {"token": ben.access_token}, ["polling"])
        people = [await clients.enter_async_context(client) for client in (websocket, polling)]
        raw = await clients.enter_async_context(RawClient(stack.live_url, ben.access_token, f"chat:{chat_id}"))
        for person in people:
            await person.next_event("roomJoined")

        told = await play(ada, ben, chat)
        heard = await asyncio.gather(*(facts_of(person, len(told)) for person in people), raw.facts(len(told)))
        typing = await asyncio.gather(people[0].emit("typing", {"chat_id": chat_id}), *map(hear_typing, people[1:]))
        raw_typing = await raw.next_with(event="TYPING")

    assert [fact[1:] for fact in heard[0]] == told
    assert heard[0] == heard[1] == heard[2]
    assert [fact[0] for fact in heard[0]] == list(range(heard[0][0][0], heard[0][0][0] + len(told)))
    assert typing == [{"ok": True}, {"chat_id": chat_id, "user_id": ada.user["id"]}]
    assert raw_typing["data"] == {"user_id": ada.user["id"]}


async def play(ada: ApiClient, ben: ApiClient, chat: str) -> list[Fact]:
    """Everything that can happen to messages; what clients are to hear of it."""
    messages, (adas, bens) = f"{chat}/messages", (ada.user["id"], ben.user["id"])
    one = (await ada.expect(201, "POST", messages, {"content": "One"})).data["id"]
    two = (await ben.expect(201, "POST", messages, {"content": "Two", "reply_to": one})).data["id"]
    await ada.expect(200, "PATCH", f"{messages}/{one}", {"content": "One, better"})
    thumb, heart = (f"{messages}/{one}/reactions/{quote(emoji)}" for emoji in ("👍", "❤️"))
    await ben.expect(200, "PUT", thumb)
    await ada.expect(200, "PUT", heart)
    await ben.expect(204, "DELETE", thumb)
    await ada.expect(200, "POST", f"{chat}/read", {"message_id": two})
    await ben.expect(204, "DELETE", f"{messages}/{two}")
    three = (await ada.expect(201, "POST", messages, {"content": "Three 🌝", "type": "file"})).data["id"]
    await ben.expect(200, "POST", f"{chat}/read", {"message_id": three})
    return [
        ("said", one, adas, "One", "text"),
        ("said", two, bens, "Two", "text"),
        ("changed", one, "One, better", [], ["content"]),
        ("changed", one, "One, better", [("👍", [bens])], ["reactions"]),
        ("changed", one, "One, better", [("👍", [bens]), ("❤️", [adas])], ["reactions"]),
        ("changed", one, "One, better", [("❤️", [adas])], ["reactions"]),
        ("read", adas, 2),
        ("deleted", two),
        ("said", three, adas, "Three 🌝", "file"),
        ("read", bens, 3),
    ]


async def facts_of(client: StockChatClient, count: int) -> list[Fact]:
    facts: list[Fact] = []
    while len(facts) < count:
        told = await client.next_with("event")
        if told["event"] in SOCKETIO_FACTS:
            facts.append((told["data"]["offset"], *SOCKETIO_FACTS[told["event"]](told["data"])))
    return facts


async def hear_typing(client: StockChatClient) -> Any:
    return await client.next_event("typing")


class RawClient:
    """Follows one topic and hears frames, nothing in between."""

    def __init__(self, url: str, token: str, topic: str) -> None:
        self._connection = connect(url, additional_headers={"Authorization": f"Bearer {token}"})
        self._topic = topic
        self._socket: ClientConnection

    async def __aenter__(self) -> Self:
        self._socket = await self._connection.__aenter__()
        await self._socket.send(json.dumps({"action": "subscribe", "topic": self._topic}))
        await self.next_with(action="subscribed")
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._connection.__aexit__(*error)

    async def next_with(self, **wanted: str) -> dict[str, Any]:
        async with asyncio.timeout(HEARING_SECONDS):
            while True:
                frame: dict[str, Any] = json.loads(await self._socket.recv())
                if wanted.items() <= frame.items():
                    return frame

    async def facts(self, count: int) -> list[Fact]:
        facts: list[Fact] = []
        while len(facts) < count:
            frame = await self.next_with(topic=self._topic)
            if frame["type"] in TOPIC_FACTS:
                facts.append((frame["offset"], *TOPIC_FACTS[frame["type"]](frame["data"])))
        return facts


def reactions(told: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    return [(reaction["emoji"], reaction["user_ids"]) for reaction in told]


SOCKETIO_FACTS: dict[str, Callable[[Any], Fact]] = {
    "serverMessage": lambda told: ("said", told["message_id"], told["author"], told["content"], told["type"]),
    "messageUpdated": lambda told: (
        *("changed", told["message_id"], told["content"]),
        *(reactions(told["reactions"]), told["changed_fields"]),
    ),
    "messageDeleted": lambda told: ("deleted", told["message_id"]),
    "readMark": lambda told: ("read", told["user_id"], told["last_read_number"]),
}


def said(data: dict[str, Any]) -> Fact:
    message = data["payload"]
    return ("said", message["id"], message["author_id"], message["content"], message["type"])


def changed(data: dict[str, Any]) -> Fact:
    message = data["payload"]
    return ("changed", message["id"], message["content"], reactions(message["reactions"]), data["changed_fields"])


TOPIC_FACTS: dict[str, Callable[[Any], Fact]] = {
    "chat_message.added": said,
    "chat_message.updated": changed,
    "chat_message.deleted": lambda data: ("deleted", data["entity_id"]),
    "chat.read": lambda data: ("read", data["payload"]["user_id"], data["payload"]["last_read_number"]),
}
