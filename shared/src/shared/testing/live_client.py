"""A reference client of the topics dialect: follows topics, comes back by itself and checks what it hears.

async with LiveClient("ws://127.0.0.1:8000/ws", token) as live:
    await live.subscribe(f"tasks:{project_id}")
    async for event in live:
        ...

`python -m shared.testing.live_client URL --token TOKEN TOPIC ...` prints every event, one JSON object a line.
"""

import argparse
import asyncio
import json
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds before coming back
_FINAL_CODES = {4001, 4003, 4009}  # coming back with the same credential is no use

TokenSource = str | Callable[[], Awaitable[str]]


class LiveEvent(NamedTuple):
    topic: str
    event: str
    type: str
    id: str
    epoch: str
    offset: int
    data: dict[str, Any]


class Recovery(NamedTuple):
    """An answer to a subscription. Without `recovered` the state must be read anew by REST."""

    topic: str
    epoch: str
    offset: int
    recovered: bool
    reason: str | None


class BrokenPromise(AssertionError):
    """The server told something twice, out of order, or called a place recovered where it was not."""


class SubscriptionRefused(Exception):
    """Holds the code of the error."""


class LiveClosed(Exception):
    """The server ended the connection for good; holds the close code."""


@dataclass
class _Followed:
    filter: dict[str, Any] | None
    epoch: str | None = None
    offset: int = 0
    answer: asyncio.Future[Recovery] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def since(self) -> dict[str, Any] | None:
        return None if self.epoch is None else {"epoch": self.epoch, "offset": self.offset}


class LiveClient:
    """`token` goes in the handshake, or with `in_frame` in the first frame; a callable is asked anew each time."""

    def __init__(self, url: str, token: TokenSource, *, in_frame: bool = False) -> None:
        self.recoveries: list[Recovery] = []
        self.reconnects = 0
        self.notices: list[str] = []
        self._url = url
        self._token = token
        self._in_frame = in_frame
        self._topics: dict[str, _Followed] = {}
        self._heard: asyncio.Queue[LiveEvent | Exception] = asyncio.Queue()
        self._socket: ClientConnection | None = None
        self._pause = FIRST_PAUSE
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._start(self._stay_connected())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def __aiter__(self) -> AsyncIterator[LiveEvent]:
        """Raises BrokenPromise or LiveClosed where they happened."""
        while True:
            yield await self.next()

    async def next(self) -> LiveEvent:
        heard = await self._heard.get()
        if isinstance(heard, Exception):
            raise heard
        return heard

    async def subscribe(
        self,
        topic: str,
        *,
        since: tuple[str, int] | None = None,
        filter: dict[str, Any] | None = None,  # noqa: A002 - the protocol's own word
    ) -> Recovery:
        """Waits for the first answer, over as many connections as that takes. Raises SubscriptionRefused."""
        followed = _Followed(filter, *(since or (None, 0)))
        self._topics[topic] = followed
        await self._ask_for(topic)
        return await followed.answer

    async def unsubscribe(self, topic: str) -> None:
        self._topics.pop(topic, None)
        await self._send(action="unsubscribe", topic=topic)

    async def drop_connection(self) -> None:
        """Break off without a goodbye, as a lost network does; the client then comes back."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._converse()
            except ConnectionClosed as closed:
                if closed.rcvd is not None and closed.rcvd.code in _FINAL_CODES:
                    self._end(LiveClosed(closed.rcvd.code))
                    return
            except BrokenPromise as broken:
                self._end(broken)
                return
            except (OSError, InvalidHandshake, TimeoutError):
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load
            self.reconnects += 1

    async def _converse(self) -> None:
        token = await self._fresh_token()
        headers = {} if self._in_frame else {"Authorization": f"Bearer {token}"}
        async with connect(self._url, additional_headers=headers, compression=None) as socket:
            self._socket = socket
            try:
                if self._in_frame:
                    await self._send(action="auth", token=token)
                for topic in tuple(self._topics):
                    await self._ask_for(topic)
                while True:
                    await self._hear(json.loads(await socket.recv()))
            finally:
                self._socket = None

    async def _hear(self, frame: dict[str, Any]) -> None:
        self._pause = FIRST_PAUSE
        action = frame.get("action")
        if action is None:
            self._hear_event(frame)
        elif action == "subscribed":
            self._hear_answer(frame)
        elif action == "error":
            self._hear_error(frame)
        elif action == "token_expiring":
            await self._send(action="auth", token=await self._fresh_token())
        elif action in ("degraded", "healthy", "going_away"):
            self.notices.append(action)
            self._pause = frame.get("retry_after_ms", 1000 * FIRST_PAUSE) / 1000

    def _hear_event(self, frame: dict[str, Any]) -> None:
        followed = self._topics.get(frame["topic"])
        if followed is None or "offset" not in frame:  # what is true only now (presence, typing) has no place
            return
        # A filter leaves events out, so offsets only rise; without one each event has the next.
        is_next = frame["offset"] == followed.offset + 1 or (followed.filter and frame["offset"] > followed.offset)
        if followed.epoch is None or not is_next:
            raise BrokenPromise(f"{frame['topic']} told {frame['offset']} after {followed.offset}")
        followed.offset = frame["offset"]
        self._heard.put_nowait(LiveEvent(epoch=followed.epoch, **frame))

    def _hear_answer(self, frame: dict[str, Any]) -> None:
        followed = self._topics.get(frame["topic"])
        if followed is None:
            return
        answer = Recovery(frame["topic"], frame["epoch"], frame["offset"], frame["recovered"], frame.get("reason"))
        if answer.recovered and (followed.epoch != answer.epoch or followed.offset > answer.offset):
            raise BrokenPromise(f"{answer.topic} recovered from {followed.since} to {answer.epoch} {answer.offset}")
        followed.epoch, followed.offset = answer.epoch, answer.offset
        self.recoveries.append(answer)
        if not followed.answer.done():
            followed.answer.set_result(answer)

    def _hear_error(self, frame: dict[str, Any]) -> None:
        topic = frame.get("topic")
        followed = self._topics.get(topic) if topic is not None else None
        if followed is None or topic is None:
            return
        if frame["temporary"]:
            self._start(self._ask_again(topic, frame.get("retry_after_ms", 1000) / 1000))
            return
        del self._topics[topic]
        if followed.answer.done():
            self._heard.put_nowait(SubscriptionRefused(frame["code"]))
        else:
            followed.answer.set_exception(SubscriptionRefused(frame["code"]))

    async def _ask_again(self, topic: str, pause: float) -> None:
        await asyncio.sleep(pause)
        if topic in self._topics:
            await self._ask_for(topic)

    async def _ask_for(self, topic: str) -> None:
        followed = self._topics[topic]
        about = {"since": followed.since, "filter": followed.filter}
        await self._send(action="subscribe", topic=topic, **{name: it for name, it in about.items() if it is not None})

    async def _send(self, **frame: Any) -> None:
        """Lost without a connection: the next one says again what matters."""
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(json.dumps(frame))

    async def _fresh_token(self) -> str:
        return self._token if isinstance(self._token, str) else await self._token()

    def _end(self, error: Exception) -> None:
        self._heard.put_nowait(error)
        for followed in self._topics.values():
            if not followed.answer.done():
                followed.answer.set_exception(error)

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _print_all(url: str, token: str, topics: Sequence[str]) -> None:
    async with LiveClient(url, token) as live:
        for topic in topics:
            place = await live.subscribe(topic)
            sys.stderr.write(f"following {topic} from offset {place.offset}\n")
        async for event in live:
            sys.stdout.write(f"{json.dumps(event._asdict())}\n")
            sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the live events of some topics, one JSON object a line.")
    parser.add_argument("url", help="such as ws://127.0.0.1:8000/ws")
    parser.add_argument("topics", nargs="+", metavar="topic", help="such as tasks:<project id>")
    parser.add_argument("--token", required=True, help="an access token")
    arguments = parser.parse_args()
    try:
        asyncio.run(_print_all(arguments.url, arguments.token, arguments.topics))
    except KeyboardInterrupt:
        sys.exit(0)
    except (SubscriptionRefused, LiveClosed, BrokenPromise) as error:
        sys.exit(f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
