"""A reference client of the topics dialect: subscribes, checks the order it is promised, reconnects and resumes.

`python -m shared.testing.live_client URL --token TOKEN TOPIC ...` prints every frame, one JSON object a line.
"""

import argparse
import asyncio
import itertools
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

ANSWER_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 2.0

Frame = dict[str, Any]


class Refused(Exception):
    """The server answered with a typed error; `code` is its public code."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(frame["code"])
        self.code: str = frame["code"]
        self.frame = frame


class Position(NamedTuple):
    epoch: str
    offset: int


class LiveClient:
    """One client with any number of topics, over as many connections as it takes.

    `token` is called before each connection. `events` holds what arrived; `violations` every broken promise: an offset
    that came twice, out of order, or after a gap that was not announced. `lost` holds the topics that had to start anew.
    """

    def __init__(self, url: str, token: Callable[[], str]) -> None:
        self._url = url
        self._token = token
        self._numbers = itertools.count(1)
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._socket: ClientConnection | None = None
        self._running: asyncio.Task[None] | None = None
        self._is_open = asyncio.Event()
        self.positions: dict[str, Position] = {}
        self.events: asyncio.Queue[Frame] = asyncio.Queue()
        self.violations: list[str] = []
        self.lost: list[str] = []
        self.close_codes: list[int] = []

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run())
        await self.until_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._running is not None:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running

    async def until_open(self) -> None:
        """Returns when there is a connection on which every known topic has been resumed."""
        async with asyncio.timeout(ANSWER_SECONDS):
            await self._is_open.wait()

    async def subscribe(self, topic: str, **options: Any) -> Frame:
        """The acknowledgement. Raises Refused."""
        return await self._ask({"action": "subscribe", "topic": topic, **options})

    async def unsubscribe(self, topic: str) -> Frame:
        answer = await self._ask({"action": "unsubscribe", "topic": topic})
        self.positions.pop(topic, None)
        return answer

    async def ping(self) -> Frame:
        return await self._ask({"action": "ping"})

    async def next_event(self, timeout: float = ANSWER_SECONDS) -> Frame:
        """The next event of any topic. Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            return await self.events.get()

    async def _ask(self, frame: Frame) -> Frame:
        if self._socket is None:
            raise ConnectionError("not connected")
        number = str(next(self._numbers))
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._socket.send(msgspec.json.encode({**frame, "id": number}).decode())
            async with asyncio.timeout(ANSWER_SECONDS):
                return await answer
        finally:
            self._answers.pop(number, None)

    async def _run(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with connect(f"{self._url}?{urlencode({'token': self._token()})}", compression=None) as socket:
                    pause = FIRST_PAUSE_SECONDS
                    await self._serve(socket)
            except (OSError, WebSocketException, TimeoutError, Refused):
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads a crowd, guards nothing

    async def _serve(self, socket: ClientConnection) -> None:
        self._socket = socket
        resuming = asyncio.create_task(self._resume())
        try:
            async for text in socket:
                self._receive(msgspec.json.decode(text))
        except ConnectionClosed:
            pass
        finally:
            self._is_open.clear()
            self._socket = None
            self.close_codes.append(socket.close_code or 0)
            resuming.cancel()
            self._fail_answers()
            with suppress(asyncio.CancelledError, Refused, OSError, TimeoutError, WebSocketException):
                await resuming

    async def _resume(self) -> None:
        try:
            for topic, position in list(self.positions.items()):
                await self.subscribe(topic, since=position._asdict())
        except Refused:
            if self._socket is not None:
                await self._socket.close()
            raise
        self._is_open.set()

    def _fail_answers(self) -> None:
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("the connection was lost"))

    def _receive(self, frame: Frame) -> None:
        if "event" in frame:
            self._check_order(frame)
            self.events.put_nowait(frame)
        elif frame.get("action") == "subscribed":
            self._begin(frame)
        answer = self._answers.get(frame.get("id", ""))
        if answer is None or answer.done():
            return
        if frame.get("action") == "error":
            answer.set_exception(Refused(frame))
        else:
            answer.set_result(frame)

    def _begin(self, frame: Frame) -> None:
        topic, begins = frame["topic"], Position(frame["epoch"], frame["offset"])
        known = self.positions.get(topic)
        if known is not None and frame["recovered"] and known != begins:
            self.violations.append(f"{topic}: recovered to {begins} without the events after {known}")
        if known is not None and not frame["recovered"]:
            self.lost.append(topic)
        self.positions[topic] = begins

    def _check_order(self, frame: Frame) -> None:
        topic = frame["topic"]
        known = self.positions.get(topic)
        if known is None:
            return
        if frame["offset"] != known.offset + 1:
            self.violations.append(f"{topic}: offset {frame['offset']} after {known.offset}")
        self.positions[topic] = known._replace(offset=frame["offset"])


async def _print_all(url: str, token: str, topics: Sequence[str]) -> None:
    async with LiveClient(url, lambda: token) as client:
        for topic in topics:
            acknowledged = await client.subscribe(topic)
            sys.stdout.write(f"{msgspec.json.encode(acknowledged).decode()}\n")
        while True:
            event = await client.events.get()
            sys.stdout.write(f"{msgspec.json.encode(event).decode()}\n")
            sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the live events of some topics.")
    parser.add_argument("url", help="such as ws://127.0.0.1:8000/ws")
    parser.add_argument("topics", nargs="+", metavar="topic", help="such as tasks:<project id>")
    parser.add_argument("--token", required=True, help="an access token")
    arguments = parser.parse_args()
    try:
        asyncio.run(_print_all(arguments.url, arguments.token, arguments.topics))
    except KeyboardInterrupt:
        sys.exit(0)
    except Refused as refusal:
        sys.exit(f"refused: {refusal.code}")


if __name__ == "__main__":
    main()
