"""What reference clients of all live dialects share: they come back by themselves and check what they hear."""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NamedTuple, Self

PAUSES = (0.1, 5.0)  # seconds before coming back: at first, and when that has failed again and again
LOST = 1006  # RFC 6455, section 7.4.1: what an end without a close frame is called
_FINAL_CODES = frozenset({4003, 4004, 4009})  # coming back is no use
_UNAUTHENTICATED = 4001

TokenSource = str | Callable[[], Awaitable[str]]


class LiveEvent(NamedTuple):
    """`id` is empty in dialects that do not tell it, and `type` the event's name there."""

    topic: str
    event: str
    type: str
    id: str
    epoch: str
    offset: int
    data: dict[str, Any]


class Recovery(NamedTuple):
    """Where a topic stands, as the server answered. Without `recovered` the state must be read anew by REST."""

    topic: str
    epoch: str
    offset: int
    recovered: bool
    reason: str | None


def place_in(frame: dict[str, Any]) -> Recovery:
    """Of a `subscribed` frame of the topics dialect."""
    return Recovery(frame["topic"], frame["epoch"], frame["offset"], frame["recovered"], frame.get("reason"))


class BrokenPromise(AssertionError):
    """The server told something twice, out of order, or called a place recovered where it was not."""

    def __init__(self, promise: str, about: str) -> None:
        super().__init__(f"{promise}: {about}")
        self.promise = promise


class SubscriptionRefused(Exception):
    """Holds the code of the error."""


class LiveClosed(Exception):
    """The server ended the connection for good; holds the close code."""


@dataclass
class Followed:
    """One topic: how far it was heard. `has_holes`: the client is not told everything, so offsets only rise."""

    topic: str
    has_holes: bool = False
    epoch: str | None = None
    offset: int = 0
    answer: asyncio.Future[Recovery] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    @property
    def since(self) -> dict[str, Any] | None:
        return None if self.epoch is None else {"epoch": self.epoch, "offset": self.offset}

    def move(self, offset: int) -> str:
        """An event was told; the epoch it belongs to. Raises BrokenPromise."""
        step = offset - self.offset
        if self.epoch is None:
            raise BrokenPromise("told before its place", f"{self.topic} {offset}")
        if step < 1:
            raise BrokenPromise("duplicate or out of order", f"{self.topic} told {offset} after {self.offset}")
        if step > 1 and not self.has_holes:
            raise BrokenPromise("silent gap", f"{self.topic} told {offset} after {self.offset}")
        self.offset = offset
        return self.epoch

    def stand(self, answer: Recovery) -> None:
        """Raises BrokenPromise."""
        is_reached = self.offset == answer.offset or (self.has_holes and self.offset < answer.offset)
        if answer.recovered and (self.epoch != answer.epoch or not is_reached):
            raise BrokenPromise("false recovered", f"{self.topic} from {self.since} to {answer.epoch} {answer.offset}")
        self.epoch, self.offset = answer.epoch, answer.offset
        if not self.answer.done():
            self.answer.set_result(answer)


class LiveReader(ABC):
    """`token` as a callable is asked anew for each connection. Each subclass speaks one dialect."""

    def __init__(self, token: TokenSource = "", *, pauses: tuple[float, float] = PAUSES) -> None:
        self.recoveries: list[Recovery] = []
        self.notices: list[str] = []
        self.reconnects = 0
        self.close_codes: list[int] = []
        """Of the connections that have ended, LOST where nobody said goodbye."""
        self.outages: list[float] = []
        """Seconds from the end of each connection to the first place that was told again."""
        self.retry_hints: list[float] = []
        """Seconds after which the server asked to come back."""
        self._token = token
        self._pauses = pauses
        self._pause = pauses[0]
        self._hint: float | None = None
        self._lost_at: float | None = None
        self._followed: dict[str, Followed] = {}
        self._heard: asyncio.Queue[LiveEvent | Exception] = asyncio.Queue()
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

    def position(self, topic: str) -> tuple[str, int] | None:
        """Epoch and offset of what was heard last, None before the first answer."""
        followed = self._followed.get(topic)
        return None if followed is None or followed.epoch is None else (followed.epoch, followed.offset)

    @property
    def topics(self) -> list[str]:
        return list(self._followed)

    @property
    def is_connected(self) -> bool:
        """Every topic was answered since the connection began."""
        return self._lost_at is None and all(followed.answer.done() for followed in self._followed.values())

    async def answered(self) -> None:
        """Returns when every followed topic has its first answer. Raises SubscriptionRefused."""
        for topic in self.topics:
            await self.place(topic)

    async def place(self, topic: str) -> Recovery:
        """The first answer about a followed topic, over as many connections as it takes. Raises SubscriptionRefused."""
        return await self._followed[topic].answer

    @abstractmethod
    async def drop_connection(self) -> None:
        """Break off without a goodbye, as a lost network does; the client then comes back."""

    @abstractmethod
    async def _converse(self) -> int:
        """One connection from its beginning to its end: the close code. Raises OSError when there is none."""

    # What dialects tell.

    def _hear_event(
        self, followed: Followed, event: str, offset: int, data: dict[str, Any], *, kind: str = "", event_id: str = ""
    ) -> None:
        """Raises BrokenPromise."""
        epoch = followed.move(offset)
        self._heard.put_nowait(LiveEvent(followed.topic, event, kind or event, event_id, epoch, offset, data))

    def _hear_frame(self, followed: Followed, frame: dict[str, Any]) -> None:
        """An event as the topics dialect writes it. Raises BrokenPromise."""
        event, offset, data = frame["event"], frame["offset"], frame["data"]
        self._hear_event(followed, event, offset, data, kind=frame["type"], event_id=frame["id"])

    def _hear_place(self, answer: Recovery) -> None:
        """Raises BrokenPromise."""
        followed = self._followed.get(answer.topic)
        if followed is not None:
            followed.stand(answer)
            self.recoveries.append(answer)
            if self._lost_at is not None:
                self.outages.append(time.monotonic() - self._lost_at)
                self._lost_at = None

    def _hear_notice(self, name: str, retry_after_ms: int | None) -> None:
        self.notices.append(name)
        if retry_after_ms is not None:
            self._hint = retry_after_ms / 1000
            self.retry_hints.append(self._hint)

    def _hear_refusal(self, topic: str, code: str) -> None:
        followed = self._followed.pop(topic)
        if followed.answer.done():
            self._heard.put_nowait(SubscriptionRefused(code))
        else:
            followed.answer.set_exception(SubscriptionRefused(code))

    def _hear_anything(self) -> None:
        """The server is well: after the next loss there is no reason to wait for long."""
        self._pause = self._pauses[0]

    async def _fresh_token(self) -> str:
        return self._token if isinstance(self._token, str) else await self._token()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stay_connected(self) -> None:
        while True:
            self._hint = None
            try:
                code = await self._converse()
            except BrokenPromise as broken:
                self._end(broken)
                return
            except OSError:
                self._pause = min(self._pause * 2, self._pauses[1])
            else:
                self.close_codes.append(code)
                if self._is_final(code):
                    self._end(LiveClosed(code))
                    return
            self._lost_at = self._lost_at or time.monotonic()
            spread = self._pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load
            await asyncio.sleep(spread if self._hint is None else self._hint)
            self.reconnects += 1

    def _is_final(self, code: int) -> bool:
        """A token that is always the same one is not good again after it was bad."""
        is_over = code == _UNAUTHENTICATED and isinstance(self._token, str) and self._token != ""
        return code in _FINAL_CODES or is_over

    def _end(self, error: Exception) -> None:
        self._heard.put_nowait(error)
        for followed in self._followed.values():
            if not followed.answer.done():
                followed.answer.set_exception(error)
                followed.answer.exception()  # nobody may be waiting for it
