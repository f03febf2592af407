"""The RabbitMQ adapter of the bus: two connections, and what is put in place on each of them whenever it is new."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from shared.messaging.bus import (
    MAX_REQUEST_DEADLINE,
    RETRY_DELAYS,
    Binding,
    DeliveriesHandler,
    MessageCallback,
    Offered,
    OutgoingMessage,
    QueueSpec,
    RequestHandler,
    ResetCallback,
    SignalHandler,
)
from shared.messaging.queues import CONSUMER_QUEUES
from shared.messaging.rabbitmq import topology
from shared.messaging.rabbitmq.connection import BROKER_ERRORS, SETUP_TIMEOUT, Link, talking_to_broker
from shared.messaging.rabbitmq.consumer import RabbitConsumer
from shared.messaging.rabbitmq.ephemeral import EphemeralSender
from shared.messaging.rabbitmq.node_queue import NodeBinding, NodeQueue
from shared.messaging.rabbitmq.publisher import Publisher
from shared.messaging.rabbitmq.queue_depths import QueueDepths
from shared.messaging.rabbitmq.requests import Caller, Server
from shared.stopping import Step, run_steps
from shared.supervision import Supervisor

CLOSE_SECONDS = 3.0
"""For each step of closing."""


class Attachment(Protocol):
    """Something that reads from the broker and has to be put in place on each new connection."""

    async def attach(self, connection: AbstractConnection) -> None: ...


AttachmentT = TypeVar("AttachmentT", bound=Attachment)


class RabbitBus:
    """`node_id` tells the replicas of a service apart, in the names operators see.

    Publishing has a connection of its own: a broker short of memory stops reading from the connections that publish.
    """

    def __init__(
        self,
        url: str,
        node_id: str,
        retry_delays: Sequence[float] = RETRY_DELAYS,
        queues: Sequence[str] = CONSUMER_QUEUES,
    ) -> None:
        self._node_id = node_id
        self.queues = queues
        self._retry_delays = retry_delays
        self._tasks = Supervisor()
        self._outgoing = Link(url, f"{node_id} publishing", self._attach_outgoing)
        self._incoming = Link(url, f"{node_id} consuming", self._attach_incoming)
        self._publisher = Publisher(self._outgoing, queues)
        self._depths = QueueDepths(self._outgoing, queues)
        self._sender = EphemeralSender(self._outgoing)
        self._caller = Caller(self._outgoing, self._incoming, node_id)
        self._attaching = asyncio.Lock()
        self._listeners: list[NodeQueue] = [self._caller.answers]
        self._consumers: list[RabbitConsumer | Server] = []
        self._on_resets: list[ResetCallback] = []
        self._is_draining = False

    @property
    def tasks(self) -> Supervisor:
        return self._tasks

    @property
    def is_connected(self) -> bool:
        return self._outgoing.connection is not None and self._incoming.connection is not None

    @property
    def is_forgetful(self) -> bool:
        return False

    async def start(self) -> None:
        self._tasks.start("connect for publishing", self._outgoing.run)
        self._tasks.start("connect for consuming", self._incoming.run)

    async def close(self) -> None:
        steps: list[tuple[str, Step]] = [("close a consumer", consumer.close) for consumer in self._consumers]
        await run_steps([*steps, ("close the connections", self._tasks.stop)], CLOSE_SECONDS)

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        await self._publisher.publish(messages)

    async def offer(self, messages: Sequence[OutgoingMessage]) -> Offered:
        return await self._publisher.offer(messages)

    async def offer_to(self, queue: str, messages: Sequence[OutgoingMessage]) -> int:
        return await self._publisher.offer_to(queue, messages)

    async def queue_depths(self) -> Mapping[str, int]:
        return await self._depths.read()

    async def consume(self, queue: QueueSpec, handler: DeliveriesHandler) -> None:
        consumer = RabbitConsumer(self._incoming, self._publisher, queue, handler, self._tasks, self._retry_delays)
        await self._register(consumer, self._consumers)

    async def tap(
        self, name: str, bindings: Sequence[Binding], on_message: MessageCallback, on_reset: ResetCallback
    ) -> None:
        places = [place for service, pattern in bindings for place in _node_bindings(service, pattern)]

        def receive(message: AbstractIncomingMessage) -> None:
            on_message(message.body)

        queue = NodeQueue(self._incoming, f"tap.{name}.{self._node_id}", places, receive)
        await self._register(queue, self._listeners)
        self._on_resets.append(on_reset)

    async def serve(self, service: str, handler: RequestHandler) -> None:
        server = Server(self._incoming, service, handler, self._sender)
        await self._register(server, self._consumers)

    async def call(self, service: str, operation: str, body: bytes, *, deadline: float) -> bytes:
        return await self._caller.call(service, operation, body, min(deadline, MAX_REQUEST_DEADLINE))

    async def send_signal(self, name: str, body: bytes) -> None:
        await self._sender.send_signal(name, body)

    async def on_signal(self, pattern: str, handler: SignalHandler) -> None:
        place = NodeBinding(topology.SIGNALS_EXCHANGE, pattern)

        def receive(message: AbstractIncomingMessage) -> None:
            handler(message.routing_key or "", message.body)

        queue = NodeQueue(self._incoming, f"signals.{self._node_id}", [place], receive)
        await self._register(queue, self._listeners)

    async def stop_consuming(self) -> None:
        self._is_draining = True
        async with self._attaching:
            await asyncio.gather(*(consumer.drain() for consumer in self._consumers))

    async def _register(self, attachment: AttachmentT, registered: list[AttachmentT]) -> None:
        """Puts it in place now, if there is a connection; else that happens with all the others when there is one."""
        async with self._attaching:
            registered.append(attachment)
            connection = self._incoming.connection
            if connection is None:
                return
            try:
                with talking_to_broker():
                    async with asyncio.timeout(SETUP_TIMEOUT):
                        await attachment.attach(connection)
            except BROKER_ERRORS as error:
                self._incoming.drop(f"putting something in place failed: {type(error).__name__}")

    async def _attach_outgoing(self, connection: AbstractConnection) -> None:
        await self._publisher.attach(connection)
        await self._sender.attach(connection)
        await self._caller.attach(connection)

    async def _attach_incoming(self, connection: AbstractConnection) -> None:
        async with self._attaching:
            for listener in self._listeners:
                await listener.attach(connection)
            for consumer in () if self._is_draining else self._consumers:
                await consumer.attach(connection)
        for on_reset in self._on_resets:
            asyncio.get_running_loop().call_soon(on_reset)


def _node_bindings(service: str, pattern: str) -> Iterator[NodeBinding]:
    yield NodeBinding(topology.exchange_of(service), pattern)
    yield NodeBinding(topology.selected_exchange_of(service), topology.key_for_nodes(pattern))
