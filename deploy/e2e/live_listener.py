"""A socket of the topics dialect that keeps every frame as the bytes that came."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

WAIT_SECONDS = 15.0

Frame = dict[str, Any]


class LiveListener:
    """`places` are epoch and offset of the topics that it follows, when it began to.

    What is told in one topic comes in order; which topic comes first is anybody's guess.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.places: dict[str, tuple[str, int]] = {}
        self._socket = socket
        self._heard: list[tuple[Frame, bytes]] = []

    async def follow(self, *topics: str) -> Self:
        """Those that are refused are not followed."""
        for topic in topics:
            answer = await self._ask(topic)
            if answer["action"] == "subscribed":
                self.places[topic] = answer["epoch"], answer["offset"]
        return self

    async def follow_from_the_start(self, topic: str) -> None:
        """With everything that was told in it. Nothing, if it is refused."""
        place = await self._ask(topic)
        if place["action"] == "subscribed":
            await self._say(action="unsubscribe", topic=topic)
            await self._ask(topic, since={"epoch": place["epoch"], "offset": 0})
            self.places[topic] = place["epoch"], 0

    async def until(self, offsets: Mapping[str, int]) -> list[bytes]:
        """All frames since it began, once it has come to these offsets, and to the end of topics that have none; sorted
        by event and topic.
        """
        async with asyncio.timeout(WAIT_SECONDS):
            while not all(self._has_come(topic, offsets.get(topic)) for topic in self.places):
                await self._hear()
        return [raw for _, raw in sorted(self._heard, key=lambda heard: (heard[0]["id"], heard[0]["topic"]))]

    def _has_come(self, topic: str, offset: int | None) -> bool:
        told = [frame for frame, _ in self._heard if frame["topic"] == topic]
        if offset is None:
            return bool(told) and told[-1]["event"] == "DELETED"
        return offset == (told[-1]["offset"] if told else self.places[topic][1])

    async def _ask(self, topic: str, **more: Any) -> Frame:
        await self._say(action="subscribe", topic=topic, **more)
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                frame = await self._hear()
                if frame.get("action") in ("subscribed", "error") and frame["topic"] == topic:
                    return frame

    async def _hear(self) -> Frame:
        raw = await self._socket.recv(decode=False)
        frame: Frame = json.loads(raw)
        if "event" in frame and frame["event"] != "PRESENCE":
            self._heard.append((frame, raw))
        return frame

    async def _say(self, **frame: Any) -> None:
        await self._socket.send(json.dumps(frame))


@asynccontextmanager
async def listening(url: str, token: str) -> AsyncIterator[LiveListener]:
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, compression=None) as socket:
        yield LiveListener(socket)
