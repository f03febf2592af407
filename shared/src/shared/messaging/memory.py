"""The in-process bus: the semantics of the RabbitMQ adapter without a server, for the embedded runner and for tests."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from shared.messaging.bus import (
    MAX_REQUEST_DEADLINE,
    RETRY_DELAYS,
    Binding,
    DeliveriesHandler,
    MessageCallback,
    Offered,
    OutgoingMessage,
    PublishFailed,
    QueueSpec,
    RequestHandler,
    RequestTimeout,
    ResetCallback,
    ServiceUnreachable,
    SignalHandler,
)
from shared.messaging.memory_broker import (
    REPLAY_INTERVAL,
    Listener,
    MemoryBroker,
    MemoryQueue,
    Responder,
    StoredMessage,
    Tap,
)
from shared.messaging.serial import SerialConsumer
from shared.supervision import PeriodicTask, Supervisor


class MemoryDelivery:
    def __init__(self, broker: MemoryBroker, queue: MemoryQueue, message: StoredMessage) -> None:
        self._broker = broker
        self._queue = queue
        self._message = message
        self.is_settled = False

    @property
    def body(self) -> bytes:
        return self._message.body

    @property
    def type(self) -> str:
        return self._message.type

    @property
    def message_id(self) -> UUID:
        return self._message.id

    @property
    def attempt(self) -> int:
        return self._message.attempt

    @property
    def first_failed(self) -> datetime | None:
        return self._message.first_failed

    async def ack(self) -> None:
        self.is_settled = True

    async def retry(self, delay_seconds: float, *, counted: bool = True) -> None:
        self._queue.put_later(self._message.after_failure(counted=counted), delay_seconds)
        self.is_settled = True

    async def dead_letter(self, reason: str) -> None:
        if await self._broker.bury(self._queue, self._message, reason):
            self.is_settled = True
        else:
            await self.retry(RETRY_DELAYS[-1], counted=False)

    def give_back(self) -> None:
        self._queue.put_back(self._message)


class MemoryBus:
    """One node. Nodes that share a broker reach each other; a bus without one is alone with itself."""

    def __init__(self, broker: MemoryBroker | None = None) -> None:
        self._broker = broker or MemoryBroker()
        self._is_started = False
        self._consumers: list[SerialConsumer] = []
        self._taps: list[Tap] = []
        self._signal_listeners: list[Listener] = []
        self._responders: list[tuple[str, Responder]] = []
        self._tasks = Supervisor()

    @property
    def tasks(self) -> Supervisor:
        return self._tasks

    @property
    def is_connected(self) -> bool:
        return self._is_started and self._broker.is_up

    @property
    def is_forgetful(self) -> bool:
        return True

    async def start(self) -> None:
        self._is_started = True
        self._tasks.start_periodic(PeriodicTask("replay dead letters", REPLAY_INTERVAL, self._broker.replay_marked))

    async def close(self) -> None:
        self._is_started = False
        for consumer in self._consumers:
            await consumer.close()
        for tap in self._taps:
            self._broker.remove_tap(tap)
        for listener in self._signal_listeners:
            self._broker.remove_signal_listener(listener)
        self._stop_answering()
        await self._tasks.stop()

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        offered = await self.offer(messages)
        if any(offered.refused.values()):
            raise PublishFailed("a queue is full", confirmed=offered.number - 1)

    @property
    def queues(self) -> Sequence[str]:
        return tuple(self._broker.depths)

    async def offer(self, messages: Sequence[OutgoingMessage]) -> Offered:
        self._require_connection()
        for number, message in enumerate(messages, 1):
            if full := self._broker.route(message):
                return Offered(number, {message.id: full})
        return Offered(len(messages), {})

    async def offer_to(self, queue: str, messages: Sequence[OutgoingMessage]) -> int:
        self._require_connection()
        for number, message in enumerate(messages):
            if not self._broker.route_to(queue, message):
                return number
        return len(messages)

    async def queue_depths(self) -> Mapping[str, int]:
        return self._broker.depths

    def _require_connection(self) -> None:
        if not self.is_connected:
            raise PublishFailed("the bus is not connected")

    async def consume(self, queue: QueueSpec, handler: DeliveriesHandler) -> None:
        source = self._broker.declare(queue)

        async def take() -> list[MemoryDelivery]:
            return [MemoryDelivery(self._broker, source, message) for message in await source.take(queue.prefetch)]

        self._consumers.append(SerialConsumer(queue.name, take, handler, self._tasks))

    async def tap(
        self, name: str, bindings: Sequence[Binding], on_message: MessageCallback, on_reset: ResetCallback
    ) -> None:
        tap = Tap(Listener(on_message), Listener(on_reset))
        self._taps.append(tap)
        self._broker.add_tap(tap, bindings)

    async def serve(self, service: str, handler: RequestHandler) -> None:
        responder = Responder(handler)
        self._responders.append((service, responder))
        self._broker.add_responder(service, responder)

    async def call(self, service: str, operation: str, body: bytes, *, deadline: float) -> bytes:
        responder: Responder | None = None
        try:
            async with asyncio.timeout(min(deadline, MAX_REQUEST_DEADLINE)):
                responder = await self._broker.responder(service)
                return await responder.answer(operation, body)
        except TimeoutError:
            raise (RequestTimeout if responder else ServiceUnreachable)() from None

    async def send_signal(self, name: str, body: bytes) -> None:
        if self.is_connected:
            self._broker.signal(name, body)

    async def on_signal(self, pattern: str, handler: SignalHandler) -> None:
        listener = Listener(handler)
        self._signal_listeners.append(listener)
        self._broker.add_signal_listener(pattern, listener)

    async def stop_consuming(self) -> None:
        responders = self._stop_answering()
        await asyncio.gather(
            *(consumer.drain() for consumer in self._consumers), *(responder.finish() for responder in responders)
        )

    def _stop_answering(self) -> list[Responder]:
        stopped, self._responders = self._responders, []
        for service, responder in stopped:
            self._broker.remove_responder(service, responder)
        return [responder for _, responder in stopped]
