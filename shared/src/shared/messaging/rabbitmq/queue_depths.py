"""How much waits in the durable queues, asked of the broker by looking at each without declaring it."""

import asyncio
from collections.abc import Mapping, Sequence

from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity

from shared.messaging.queues import dead_queue_of
from shared.messaging.rabbitmq.connection import BROKER_ERRORS, Link, talking_to_broker

LOOK_TIMEOUT = 5.0
"""Seconds for all queues together."""


class QueueDepths:
    def __init__(self, link: Link, queues: Sequence[str]) -> None:
        self._link = link
        self._names = [name for queue in queues for name in (queue, dead_queue_of(queue))]

    async def read(self) -> Mapping[str, int]:
        """Of the queues that exist; empty while the broker does not answer."""
        connection = self._link.connection
        if connection is None:
            return {}
        try:
            with talking_to_broker():
                async with asyncio.timeout(LOOK_TIMEOUT):
                    depths = {name: await _depth(connection, name) for name in self._names}
        except BROKER_ERRORS:
            return {}
        return {name: depth for name, depth in depths.items() if depth is not None}


async def _depth(connection: AbstractConnection, name: str) -> int | None:
    """On a channel of its own: asking for a queue that does not exist closes the channel."""
    channel = await connection.channel(publisher_confirms=False)
    try:
        queue = await channel.declare_queue(name, passive=True)
    except ChannelNotFoundEntity:
        return None
    await channel.close()
    return queue.declaration_result.message_count
