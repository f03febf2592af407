"""How much waits in the durable queues, asked of the broker by looking at each without declaring it."""

import asyncio
from collections.abc import Mapping, Sequence

from aio_pika.abc import AbstractChannel, AbstractConnection

from shared.messaging.queues import dead_queue_of
from shared.messaging.rabbitmq.connection import BROKER_ERRORS, CLOSE_TIMEOUT, Link, talking_to_broker

LOOK_TIMEOUT = 5.0
"""Seconds for each queue; all are looked at together. One without a leader answers nothing, and hides no other."""


class QueueDepths:
    def __init__(self, link: Link, queues: Sequence[str]) -> None:
        self._link = link
        self._names = [name for queue in queues for name in (queue, dead_queue_of(queue))]

    async def read(self) -> Mapping[str, int]:
        """Of the queues that exist and answer; empty while the broker does not."""
        connection = self._link.connection
        if connection is None:
            return {}
        depths = await asyncio.gather(*(_depth(connection, name) for name in self._names))
        return {name: depth for name, depth in zip(self._names, depths, strict=True) if depth is not None}


async def _depth(connection: AbstractConnection, name: str) -> int | None:
    """On a channel of its own: asking for a queue that does not exist closes the channel."""
    try:
        with talking_to_broker():
            async with asyncio.timeout(LOOK_TIMEOUT):
                channel = await connection.channel(publisher_confirms=False)
                try:
                    queue = await channel.declare_queue(name, passive=True)
                finally:
                    await _close(channel)
    except BROKER_ERRORS:
        return None
    return queue.declaration_result.message_count


async def _close(channel: AbstractChannel) -> None:
    """Also behind a question that ran out of time: a channel that is left open stays for as long as its connection."""
    async with asyncio.timeout(CLOSE_TIMEOUT):
        await channel.close()
