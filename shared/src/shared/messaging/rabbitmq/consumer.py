"""Consuming from a durable queue in order, one handler at a time; retries by delay queues, then a dead letter."""

import asyncio
from collections.abc import Awaitable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, AbstractQueue

from shared.messaging.bus import BATCH_BYTES, RETRY_DELAYS, DeliveriesHandler, PublishFailed, QueueSpec
from shared.messaging.queues import dead_queue_of
from shared.messaging.rabbitmq import topology
from shared.messaging.rabbitmq.connection import BROKER_ERRORS, Link, talking_to_broker
from shared.messaging.rabbitmq.publisher import Publisher
from shared.messaging.serial import SerialConsumer
from shared.supervision import Supervisor
from shared.telemetry.logs import get_logger

REQUEUE_PAUSE = 1.0
"""Seconds before a message goes straight back to its queue, when the broker took no copy of it for later."""

SETTLE_TIMEOUT = 5.0
"""Seconds to write an acknowledgement: a connection that takes none for so long is as good as gone."""

log = get_logger()


class RabbitConsumer:
    """Survives its connections: what is in hand is finished on the old one before anything of the next is begun."""

    def __init__(
        self,
        link: Link,
        publisher: Publisher,
        spec: QueueSpec,
        handler: DeliveriesHandler,
        tasks: Supervisor,
        retry_delays: Sequence[float] = RETRY_DELAYS,
    ) -> None:
        self._link = link
        self._publisher = publisher
        self._spec = spec
        self._retry_delays = retry_delays
        self._arrived: asyncio.Queue[RabbitDelivery] = asyncio.Queue()
        self._serial = SerialConsumer(spec.name, self._take, handler, tasks, self._begin_anew)
        self._channel: AbstractChannel | None = None
        self._queue: AbstractQueue | None = None
        self._consumer_tag = ""
        self._delay_queues: dict[float, AbstractQueue] = {}

    async def attach(self, connection: AbstractConnection) -> None:
        channel = await self._link.open_channel(connection)
        await channel.set_qos(self._spec.prefetch, timeout=topology.DECLARE_TIMEOUT)
        self._queue = await topology.declare_consumer_queue(channel, self._spec)
        self._channel, self._delay_queues = channel, {}

        async def receive(message: AbstractIncomingMessage) -> None:
            self._arrived.put_nowait(RabbitDelivery(self, channel, message))

        self._consumer_tag = await self._queue.consume(receive, timeout=topology.DECLARE_TIMEOUT)

    async def drain(self) -> None:
        """What was fetched ahead goes back, for whoever consumes the queue from now on."""
        await asyncio.gather(self._serial.drain(), self._cancel())
        while not self._arrived.empty():
            await self._arrived.get_nowait().requeue()

    async def close(self) -> None:
        await self._serial.close()

    async def retry_later(self, message: Message, delay_seconds: float) -> None:
        """Raises PublishFailed or one of BROKER_ERRORS."""
        queue = await self._delay_queue(delay_seconds)
        try:
            await self._publisher.publish_to_queue(queue.name, message)
        except PublishFailed:
            self._delay_queues.clear()
            raise

    async def bury(self, message: Message) -> None:
        """Raises PublishFailed."""
        await self._publisher.publish_to_queue(dead_queue_of(self._spec.name), message)

    async def _take(self) -> list["RabbitDelivery"]:
        """No more wait here than the broker may send ahead."""
        while True:
            arrived = [await self._arrived.get()]
            size = len(arrived[0].body)
            while size < BATCH_BYTES and not self._arrived.empty():
                arrived.append(self._arrived.get_nowait())
                size += len(arrived[-1].body)
            if fresh := [delivery for delivery in arrived if not delivery.is_stale]:
                return fresh

    def _begin_anew(self) -> None:
        """The broker delivers what was in hand again, on the next connection."""
        self._link.drop("a consumer failed")

    async def _cancel(self) -> None:
        if self._queue is not None:
            await self._link.cancel_consumer(self._queue, self._consumer_tag)

    async def _delay_queue(self, delay_seconds: float) -> AbstractQueue:
        """Declared when first needed: most queues never retry anything."""
        delay = next((known for known in self._retry_delays if known >= delay_seconds), self._retry_delays[-1])
        if delay not in self._delay_queues:
            if self._channel is None:
                raise PublishFailed("the queue is not attached")
            with talking_to_broker():
                queue = await topology.declare_delay_queue(self._channel, self._spec.name, delay)
            self._delay_queues[delay] = queue
        return self._delay_queues[delay]


class RabbitDelivery:
    """Headers count the attempts, because the broker's own count includes its crashes and ours."""

    def __init__(self, consumer: RabbitConsumer, channel: AbstractChannel, message: AbstractIncomingMessage) -> None:
        self._consumer = consumer
        self._channel = channel
        self._message = message
        self.attempt = _whole_number(message.headers.get(topology.ATTEMPT_HEADER)) or 1
        self.first_failed = _moment(message.headers.get(topology.FIRST_FAILED_HEADER))
        self.message_id = _uuid(message.message_id)
        self.is_settled = False

    @property
    def body(self) -> bytes:
        return self._message.body

    @property
    def type(self) -> str:
        return self._message.type or ""

    @property
    def is_stale(self) -> bool:
        """Its connection is gone: the broker delivers it again on the next one."""
        return self._channel.is_closed

    async def ack(self) -> None:
        self.is_settled = True
        await self._tell_broker(self._message.ack())

    async def retry(self, delay_seconds: float, *, counted: bool = True) -> None:
        copy = self._copy({topology.ATTEMPT_HEADER: self.attempt + counted})
        try:
            await self._consumer.retry_later(copy, delay_seconds)
        except (PublishFailed, *BROKER_ERRORS):
            await self._requeue_after_pause()
        else:
            await self.ack()

    async def dead_letter(self, reason: str) -> None:
        died = {topology.REASON_HEADER: reason, topology.DIED_HEADER: _now(), topology.ATTEMPT_HEADER: self.attempt}
        try:
            await self._consumer.bury(self._copy(died))
        except (
            PublishFailed
        ):  # no room for dead letters, perhaps: until there is some, it must not stop those behind it
            await self.retry(RETRY_DELAYS[-1], counted=False)
        else:
            await self.ack()

    def give_back(self) -> None:
        """Nothing to do: unacknowledged, it returns to its queue with the end of the channel."""

    async def requeue(self) -> None:
        """First in line again, for whoever consumes the queue."""
        self.is_settled = True
        await self._tell_broker(self._message.nack())

    async def _requeue_after_pause(self) -> None:
        await asyncio.sleep(REQUEUE_PAUSE)
        await self.requeue()

    async def _tell_broker(self, settlement: Awaitable[None]) -> None:
        try:
            with talking_to_broker():
                async with asyncio.timeout(SETTLE_TIMEOUT):
                    await settlement
        except BROKER_ERRORS:
            log.info("a message will come again: its connection ended first", message_id=str(self.message_id))

    def _copy(self, headers: dict[str, Any]) -> Message:
        """Without the broker's own `x-death` history, which it would hold against a message that circles."""
        kept = {name: value for name, value in self._message.headers.items() if name in topology.OWN_HEADERS}
        return Message(
            self._message.body,
            message_id=self._message.message_id,
            type=self._message.type,
            content_type=self._message.content_type,
            delivery_mode=DeliveryMode.PERSISTENT,
            headers={topology.FIRST_FAILED_HEADER: _now(), **kept, **headers},
        )


def _whole_number(header: object) -> int | None:
    return header if isinstance(header, int) else None


def _moment(header: object) -> datetime | None:
    try:
        return datetime.fromisoformat(header) if isinstance(header, str) else None
    except ValueError:
        return None


def _uuid(text: str | None) -> UUID:
    """The nil UUID for a message that no service of ours has published."""
    try:
        return UUID(text or "")
    except ValueError:
        return UUID(int=0)


def _now() -> str:
    return datetime.now(UTC).isoformat()
