"""Clients of the live dialects, for `episodes`: they come back and compare what they hear with what happened."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from deploy.chaos.episode_truth import EPOCH, Truth
from shared.events.topics import chat_topic, files_topic
from shared.identity import EXPIRES_HEADER, HEADER, mint_identity
from shared.principal import Principal

PAUSE_SECONDS = 0.05
SHORT_LIVED = 0.1
"""The share of connections whose token ends within two seconds."""


class Follower:
    """`broken` counts promises that were not kept; each subclass speaks one dialect."""

    path = "/ws"

    def __init__(
        self,
        truth: Truth,
        topics: Sequence[str],
        principal: Principal,
        ports: Callable[[], Sequence[int]],
        secret: str,
        chance: random.Random,
    ) -> None:
        self.broken: Counter[str] = Counter()
        self.recovered = self.flagged = self.events = 0
        self.positions: dict[str, int | None] = dict.fromkeys(topics)
        self._truth = truth
        self._principal = principal
        self._ports = ports
        self._secret = secret
        self._chance = chance
        self._socket: ClientConnection | None = None

    @property
    def is_up_to_date(self) -> bool:
        return all(offset == self._truth.offset(topic) for topic, offset in self.positions.items())

    def drop(self) -> None:
        """As a lost network does."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            with suppress(ConnectionClosed, InvalidHandshake, OSError, TimeoutError, EOFError):
                await self._converse()
            await asyncio.sleep(PAUSE_SECONDS * self._chance.uniform(0.5, 2))

    async def _converse(self) -> None:
        identity = mint_identity(self._principal, "realtime", self._secret, datetime.now(UTC))
        headers = {HEADER: identity}
        if self._chance.random() < SHORT_LIVED:
            headers[EXPIRES_HEADER] = str(int(time.time()) + 2)
        url = f"ws://127.0.0.1:{self._chance.choice(self._ports())}{self.path}"
        async with connect(url, additional_headers=headers, compression=None, open_timeout=3) as socket:
            self._socket = socket
            try:
                await self._begin(socket)
                async for text in socket:
                    await self._hear(socket, str(text))
            finally:
                self._socket = None

    async def _begin(self, socket: ClientConnection) -> None:
        raise NotImplementedError

    async def _hear(self, socket: ClientConnection, text: str) -> None:
        raise NotImplementedError

    def _event(self, topic: str, offset: int, entity_id: str) -> None:
        self.events += 1
        last = self.positions[topic]
        if last is None:
            self.broken["told before its place"] += 1
        elif offset <= last:
            self.broken["duplicate or out of order"] += 1
        elif offset > last + 1:
            self.broken["silent gap"] += 1
        if self._truth.entity(topic, offset) != entity_id:
            self.broken["another event"] += 1
        self.positions[topic] = offset

    def _place(self, topic: str, epoch: str, offset: int, *, is_recovered: bool) -> None:
        if is_recovered:
            self.recovered += 1
            if (epoch, offset) != (EPOCH, self.positions[topic]):
                self.broken["false recovered"] += 1
        elif self.positions[topic] is not None:
            self.flagged += 1
        self.positions[topic] = offset

    def _since(self, topic: str) -> dict[str, Any] | None:
        offset = self.positions[topic]
        return None if offset is None else {"epoch": EPOCH, "offset": offset}


class TopicsFollower(Follower):
    async def _begin(self, socket: ClientConnection) -> None:
        for topic in self.positions:
            await self._subscribe(socket, topic)

    async def _hear(self, socket: ClientConnection, text: str) -> None:
        frame = json.loads(text)
        if frame.get("action") == "subscribed":
            self._place(frame["topic"], frame["epoch"], frame["offset"], is_recovered=frame["recovered"])
        elif frame.get("action") == "error" and frame.get("topic"):
            await asyncio.sleep(PAUSE_SECONDS)
            await self._subscribe(socket, frame["topic"])
        elif "event" in frame and "offset" in frame:
            self._event(frame["topic"], frame["offset"], frame["data"]["entity_id"])

    async def _subscribe(self, socket: ClientConnection, topic: str) -> None:
        since = self._since(topic)
        frame = {"action": "subscribe", "topic": topic, **({"since": since} if since else {})}
        await socket.send(json.dumps(frame))


class SocketIoFollower(Follower):
    path = "/ws/?EIO=4&transport=websocket"

    async def _begin(self, socket: ClientConnection) -> None:
        since = {topic.partition(":")[2]: self._since(topic) for topic in self.positions if self._since(topic)}
        await socket.send("40" + json.dumps({"since": since}))

    async def _hear(self, socket: ClientConnection, text: str) -> None:
        if text == "2":
            await socket.send("3")
        elif text.startswith("42"):
            name, data = json.loads(text[2:])
            topic = chat_topic(UUID(data["chat_id"])) if "chat_id" in data else ""
            if name == "roomJoined":
                self._place(topic, data["epoch"], data["offset"], is_recovered=data["recovered"])
            elif name == "serverMessage":
                self._event(topic, data["offset"], data["message_id"])


class ProjectFollower(Follower):
    """Of one project; what is told before the answer to `resume` or `get_state` is left out, as clients should."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        [self._topic] = self.positions
        self.path = f"/ws/{self._topic.partition(':')[2]}"
        self._is_answered = False

    async def _begin(self, socket: ClientConnection) -> None:
        self._is_answered = False
        await self._ask(socket)

    async def _ask(self, socket: ClientConnection) -> None:
        since = self._since(self._topic)
        frame = {"type": "get_state"} if since is None else {"type": "resume", "data": since}
        await socket.send(json.dumps(frame))

    async def _hear(self, socket: ClientConnection, text: str) -> None:
        frame = json.loads(text)
        kind, data = frame["type"], frame["data"]
        if kind == "state_update":
            self._is_answered = True
            self._place(self._topic, data["epoch"], data["offset"], is_recovered=False)
            if len(data["files"]) != data["offset"]:
                self.broken["state and place disagree"] += 1
        elif kind == "resumed":
            self._is_answered = True
            self._place(self._topic, data["epoch"], data["offset"], is_recovered=True)
        elif kind == "error" and data["temporary"]:
            self._is_answered = False
            await asyncio.sleep(PAUSE_SECONDS)
            await self._ask(socket)
        elif kind == "file_added":
            await self._hear_file(frame)

    async def _hear_file(self, frame: dict[str, Any]) -> None:
        """What was missed comes before the answer: it is what follows the last place."""
        last = self.positions[self._topic]
        if self._is_answered or (last is not None and frame["offset"] == last + 1):
            self._event(self._topic, frame["offset"], frame["data"]["id"])


def followers(
    truth: Truth,
    principal: Principal,
    ports: Callable[[], Sequence[int]],
    secret: str,
    chance: random.Random,
    each: int,
) -> list[Follower]:
    """`each` of the dialects of whole topics, and as many windows on each project."""
    about = (principal, ports, secret, chance)
    chats = [chat_topic(chat_id) for chat_id in truth.topics.chats]
    found: list[Follower] = []
    for _ in range(each):
        found.append(TopicsFollower(truth, truth.topics.names, *about))
        found.append(SocketIoFollower(truth, chats, *about))
        found += [ProjectFollower(truth, [files_topic(one)], *about) for one in truth.topics.projects]
    return found
