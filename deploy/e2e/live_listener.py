"""A socket of the topics dialect that keeps every frame as the bytes that came."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

WAIT_SECONDS = 15.0

Frame = dict[str, Any]


class LiveListener:
    """`offsets` are those of the topics that it follows, when it began to."""

    def __init__(self, socket: ClientConnection) -> None:
        self.offsets: dict[str, int] = {}
        self._socket = socket
        self._heard: list[bytes] = []

    async def follow(self, *topics: str) -> Self:
        """Those that are refused are not followed."""
        for topic in topics:
            answer = await self._ask(topic)
            if answer["action"] == "subscribed":
                self.offsets[topic] = answer["offset"]
        return self

    async def follow_from_the_start(self, topic: str) -> None:
        """With everything that was told in it. Nothing, if it is refused."""
        place = await self._ask(topic)
        if place["action"] == "subscribed":
            await self._say(action="unsubscribe", topic=topic)
            await self._ask(topic, since={"epoch": place["epoch"], "offset": 0})
            self.offsets[topic] = 0

    async def until(self, is_last: Callable[[Frame], bool]) -> list[bytes]:
        """What was told since the last time, without the last frame."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not self._heard or not is_last(json.loads(self._heard[-1])):
                await self._hear()
        *told, _last = self._heard
        self._heard.clear()
        return told

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
            self._heard.append(raw)
        return frame

    async def _say(self, **frame: Any) -> None:
        await self._socket.send(json.dumps(frame))


@asynccontextmanager
async def listening(url: str, token: str) -> AsyncIterator[LiveListener]:
    async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}, compression=None) as socket:
        yield LiveListener(socket)
