"""Dead letters at RabbitMQ, looked at and put back over a visitor's connection, whether the services run or not."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import ChannelNotFoundEntity

from shared.messaging.dead_letter_files import DeadLetter
from shared.messaging.queues import dead_queue_of
from shared.messaging.rabbitmq import topology

CALL_TIMEOUT = 5.0
"""Seconds."""


class RabbitDeadLetters:
    """`queues`: where to look, because AMQP does not tell which queues there are. One that does not exist is empty."""

    def __init__(self, url: str, queues: Sequence[str]) -> None:
        self._url = url
        self._queues = queues

    async def read(self, queue: str | None = None) -> list[DeadLetter]:
        async with await aio_pika.connect(self._url, timeout=CALL_TIMEOUT) as connection:
            return [
                _letter(name, message)
                for name in ([queue] if queue else self._queues)
                async for _, message in _messages(connection, name)
            ]

    async def replay(self, letters: Collection[DeadLetter]) -> None:
        wanted = {(letter.queue, letter.id) for letter in letters}
        async with await aio_pika.connect(self._url, timeout=CALL_TIMEOUT) as connection:
            for queue in dict.fromkeys(letter.queue for letter in letters):
                async for channel, message in _messages(connection, queue):
                    if (queue, UUID(message.message_id)) in wanted:
                        await _put_back(channel, queue, message)


async def _messages(
    connection: AbstractConnection, queue: str
) -> AsyncIterator[tuple[AbstractChannel, AbstractIncomingMessage]]:
    """The dead letters of the queue, once each. What is not acknowledged stays, when the channel ends."""
    channel = await connection.channel(on_return_raises=True)
    try:
        dead = await channel.declare_queue(dead_queue_of(queue), passive=True, timeout=CALL_TIMEOUT)
    except ChannelNotFoundEntity:
        return
    while message := await dead.get(fail=False, timeout=CALL_TIMEOUT):
        yield channel, message
    await channel.close()


async def _put_back(channel: AbstractChannel, queue: str, message: AbstractIncomingMessage) -> None:
    """As a first attempt: whoever replays it has mended something."""
    copy = Message(
        message.body,
        message_id=message.message_id,
        type=message.type,
        content_type=message.content_type,
        delivery_mode=DeliveryMode.PERSISTENT,
    )
    await channel.default_exchange.publish(copy, queue, timeout=CALL_TIMEOUT)
    await message.ack()


def _letter(queue: str, message: AbstractIncomingMessage) -> DeadLetter:
    """Without our headers it was the broker that gave up on the message, at an operator's delivery limit."""
    headers = message.headers
    return DeadLetter(
        id=UUID(message.message_id),
        queue=queue,
        type=message.type or "",
        reason=str(headers.get(topology.REASON_HEADER, "DeliveryLimit: delivered too often without an answer.")),
        attempt=int(str(headers.get(topology.ATTEMPT_HEADER, 1))),
        first_failed=_time(headers.get(topology.FIRST_FAILED_HEADER)),
        died=_time(headers.get(topology.DIED_HEADER)),
        body=message.body,
    )


def _time(header: object) -> datetime:
    return datetime.fromisoformat(header) if isinstance(header, str) else datetime.fromtimestamp(0, UTC)
