"""What only this node hears: a queue of its own, read without acknowledgement, in order, by a plain function."""

from collections.abc import Callable, Sequence
from secrets import token_hex
from typing import NamedTuple

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage, AbstractQueue

from shared.messaging.rabbitmq import topology
from shared.messaging.rabbitmq.connection import Link
from shared.telemetry.logs import get_logger

log = get_logger()


class NodeBinding(NamedTuple):
    exchange: str
    pattern: str


class NodeQueue:
    """`name` is for operators; the queue is a new one on each connection, called `queue_name` while that lasts."""

    def __init__(
        self,
        link: Link,
        name: str,
        bindings: Sequence[NodeBinding],
        on_message: Callable[[AbstractIncomingMessage], None],
    ) -> None:
        self._link = link
        self._name = name
        self._bindings = bindings
        self._on_message = on_message
        self._queue: AbstractQueue | None = None

    @property
    def queue_name(self) -> str | None:
        """None while the node has no connection."""
        return self._queue.name if self._queue and self._link.connection else None

    async def attach(self, connection: AbstractConnection) -> None:
        channel = await self._link.open_channel(connection)
        for exchange in dict.fromkeys(binding.exchange for binding in self._bindings):
            await topology.declare_exchange(channel, exchange)
        queue = await topology.declare_node_queue(channel, f"{self._name}.{token_hex(4)}")
        for binding in self._bindings:
            await queue.bind(binding.exchange, binding.pattern, timeout=topology.DECLARE_TIMEOUT)
        await queue.consume(self._receive, no_ack=True, timeout=topology.DECLARE_TIMEOUT)
        self._queue = queue

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        """Begun in order of arrival and never waiting, so it also ends in order."""
        try:
            self._on_message(message)
        except Exception:
            log.exception("a listener failed", queue=self._name, routing_key=message.routing_key)
