"""What the nodes of one process share where no broker runs: queues, taps, responders, signals and dead letters."""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from shared.messaging.bus import BATCH_BYTES, Binding, OutgoingMessage, QueueSpec, RequestFailed, RequestHandler
from shared.messaging.dead_letter_files import DeadLetter, DeadLetterFiles
from shared.messaging.patterns import matches
from shared.supervision import TaskSet
from shared.telemetry.logs import get_logger

REPLAY_INTERVAL = 1.0
"""Seconds between two looks for dead letters an operator has marked."""

QUEUE_BYTES = 32 * 1024 * 1024
"""Waiting in one queue, retries included, before it refuses more: what has no room stays in its publisher's outbox."""

FREE_AGAIN = 0.8
"""Of QUEUE_BYTES: below that a full queue takes messages again, as at RabbitMQ, and not one for each that it gives."""

log = get_logger()


class StoredMessage(NamedTuple):
    type: str
    id: UUID
    body: bytes
    attempt: int = 1
    first_failed: datetime | None = None

    def after_failure(self, *, counted: bool) -> "StoredMessage":
        return self._replace(attempt=self.attempt + counted, first_failed=self.first_failed or datetime.now(UTC))


class MemoryQueue:
    """Messages in order of arrival. Like a durable queue it outlives its consumers, though not the process."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._waiting: deque[StoredMessage] = deque()
        self._bytes = 0
        self._arrival = asyncio.Event()
        self._is_full = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, message: StoredMessage) -> None:
        self._waiting.append(message)
        self._added(message)

    def put_later(self, message: StoredMessage, delay_seconds: float) -> None:
        """It takes up room meanwhile."""
        self._bytes += len(message.body)
        asyncio.get_running_loop().call_later(delay_seconds, self._put_waited, message)

    def _put_waited(self, message: StoredMessage) -> None:
        self._bytes -= len(message.body)
        self.put(message)

    def put_back(self, message: StoredMessage) -> None:
        self._waiting.appendleft(message)
        self._added(message)

    def has_room(self) -> bool:
        self._is_full = self._bytes >= QUEUE_BYTES * (FREE_AGAIN if self._is_full else 1)
        return not self._is_full

    async def take(self, most: int) -> list[StoredMessage]:
        """At least one: waits for it. No more than BATCH_BYTES and a message."""
        while not self._waiting:
            self._arrival.clear()
            await self._arrival.wait()
        taken: list[StoredMessage] = []
        size = 0
        while self._waiting and len(taken) < most and size < BATCH_BYTES:
            taken.append(self._waiting.popleft())
            size += len(taken[-1].body)
        self._bytes -= size
        return taken

    def _added(self, message: StoredMessage) -> None:
        self._bytes += len(message.body)
        self._arrival.set()


class Listener:
    """A callback, run in the next loop turn in the context of its registration, outside any publisher's transaction."""

    def __init__(self, callback: Callable[..., None]) -> None:
        self._callback = callback
        self._context = contextvars.copy_context()

    def tell(self, *arguments: Any) -> None:
        asyncio.get_running_loop().call_soon(self._call, *arguments, context=self._context)

    def _call(self, *arguments: Any) -> None:
        try:
            self._callback(*arguments)
        except Exception:
            log.exception("a listener failed")


class Tap(NamedTuple):
    on_message: Listener
    on_reset: Listener


class Responder:
    """Answers requests as tasks of its own, so that the asker's transaction and cancellation stay the asker's."""

    def __init__(self, handler: RequestHandler) -> None:
        self._handler = handler
        self._context = contextvars.copy_context()
        self._running = TaskSet("answer a request")

    async def answer(self, operation: str, body: bytes) -> bytes:
        """Cancelled with its asker, whose deadline is the handler's."""
        answer = await self._running.start(self._invoke(operation, body), context=self._context.copy())
        if answer is None:
            raise RequestFailed
        return answer

    async def finish(self) -> None:
        await self._running.wait()

    async def _invoke(self, operation: str, body: bytes) -> bytes | None:
        """None: the handler failed."""
        try:
            return await self._handler(operation, body)
        except Exception:
            log.exception("a request handler failed", operation=operation)
            return None


class MemoryBroker:
    """Dead letters go to files in `dead_letter_folder`, for operators; without a folder they are in `dead_letters`."""

    def __init__(self, dead_letter_folder: Path | None = None) -> None:
        self.dead_letters: list[DeadLetter] = []
        self.is_up = True
        self._files = DeadLetterFiles(dead_letter_folder) if dead_letter_folder else None
        self._queues: dict[str, MemoryQueue] = {}
        self._queue_bindings: list[tuple[Binding, MemoryQueue]] = []
        self._tap_bindings: list[tuple[Binding, Tap]] = []
        self._routes: dict[tuple[str, str], tuple[list[MemoryQueue], list[Tap]]] = {}
        self._signal_listeners: list[tuple[str, Listener]] = []
        self._responders: dict[str, deque[Responder]] = {}
        self._responder_came = asyncio.Event()

    def interrupt(self) -> None:
        """Behave like a broker that went away: nothing can be published, asked or signalled."""
        self.is_up = False

    def restore(self) -> None:
        self.is_up = True
        for tap in dict.fromkeys(tap for _, tap in self._tap_bindings):
            tap.on_reset.tell()

    def declare(self, spec: QueueSpec) -> MemoryQueue:
        queue = self._queues.setdefault(spec.name, MemoryQueue(spec.name))
        known = {binding for binding, bound in self._queue_bindings if bound is queue}
        self._queue_bindings += [(binding, queue) for binding in spec.bindings if binding not in known]
        self._routes.clear()
        return queue

    def add_tap(self, tap: Tap, bindings: Sequence[Binding]) -> None:
        self._tap_bindings += [(binding, tap) for binding in bindings]
        self._routes.clear()

    def remove_tap(self, tap: Tap) -> None:
        self._tap_bindings = [(binding, bound) for binding, bound in self._tap_bindings if bound is not tap]
        self._routes.clear()

    @property
    def depths(self) -> Mapping[str, int]:
        """How many messages wait in each queue."""
        return {name: len(queue) for name, queue in self._queues.items()}

    def route(self, message: OutgoingMessage) -> frozenset[str]:
        """To every queue that has room, and to every tap; returns the names of those that had none."""
        queues, taps = self._route(message.service, message.type)
        wanted = [queue for queue in queues if queue.name not in message.withheld_from]
        full = [queue for queue in wanted if not _put_if_room(queue, message)]
        for tap in taps:
            tap.on_message.tell(message.body)
        return frozenset(queue.name for queue in full)

    def route_to(self, name: str, message: OutgoingMessage) -> bool:
        """To one queue, if it is bound to the message; False: it had no room."""
        queues, _ = self._route(message.service, message.type)
        return all(_put_if_room(queue, message) for queue in queues if queue.name == name)

    def _route(self, service: str, type_name: str) -> tuple[list[MemoryQueue], list[Tap]]:
        """Remembered, because types are few and messages many. Who is bound twice to a type gets a message once."""
        route = self._routes.get((service, type_name))
        if route is None:
            queues = [q for b, q in self._queue_bindings if b.service == service and matches(b.pattern, type_name)]
            taps = [t for b, t in self._tap_bindings if b.service == service and matches(b.pattern, type_name)]
            route = self._routes[service, type_name] = list(dict.fromkeys(queues)), list(dict.fromkeys(taps))
        return route

    def add_signal_listener(self, pattern: str, listener: Listener) -> None:
        self._signal_listeners.append((pattern, listener))

    def remove_signal_listener(self, listener: Listener) -> None:
        self._signal_listeners = [entry for entry in self._signal_listeners if entry[1] is not listener]

    def signal(self, name: str, body: bytes) -> None:
        for pattern, listener in self._signal_listeners:
            if matches(pattern, name):
                listener.tell(name, body)

    def add_responder(self, service: str, responder: Responder) -> None:
        self._responders.setdefault(service, deque()).append(responder)
        self._responder_came.set()

    def remove_responder(self, service: str, responder: Responder) -> None:
        self._responders[service].remove(responder)

    async def responder(self, service: str) -> Responder:
        """The next in turn; waits for one to come."""
        while not (self.is_up and self._responders.get(service)):
            self._responder_came.clear()
            await self._responder_came.wait()
        turn = self._responders[service]
        turn.rotate(-1)
        return turn[-1]

    async def bury(self, queue: MemoryQueue, message: StoredMessage, reason: str) -> bool:
        """False: there are as many dead letters of this queue as may be."""
        now = datetime.now(UTC)
        letter = DeadLetter(
            id=message.id,
            queue=queue.name,
            type=message.type,
            reason=reason,
            attempt=message.attempt,
            first_failed=message.first_failed or now,
            died=now,
            body=message.body,
        )
        if self._files:
            return await asyncio.to_thread(self._files.add, letter)
        self.dead_letters.append(letter)
        return True

    async def replay_marked(self) -> None:
        """Put marked dead letters back into their queues; done again and again, on each node."""
        if self._files:
            for letter in await asyncio.to_thread(self._files.take_marked, set(self._queues)):
                self._queues[letter.queue].put(StoredMessage(letter.type, letter.id, letter.body))
                log.info("a dead letter is replayed", queue=letter.queue, message_id=str(letter.id))


def _put_if_room(queue: MemoryQueue, message: OutgoingMessage) -> bool:
    if not queue.has_room():
        return False
    queue.put(StoredMessage(message.type, message.id, message.body))
    return True
