"""Requests over RabbitMQ: asked through a service's queue, answered into a queue of the asking node, never kept."""

import asyncio
from secrets import token_hex
from typing import NamedTuple

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage, AbstractQueue

from shared.messaging.bus import MAX_REQUEST_DEADLINE, RequestFailed, RequestHandler, RequestTimeout, ServiceUnreachable
from shared.messaging.rabbitmq import topology
from shared.messaging.rabbitmq.connection import BROKER_ERRORS, Link, talking_to_broker
from shared.messaging.rabbitmq.ephemeral import EphemeralSender
from shared.messaging.rabbitmq.node_queue import NodeQueue
from shared.supervision import TaskSet
from shared.telemetry.logs import get_logger

MAX_RUNNING = 64
"""Requests of one service answered at the same time on one node; the others wait, and expire."""

KNOCK_INTERVAL = 0.05
"""Seconds between attempts to reach a service none of whose replicas is there, as during a restart."""

log = get_logger()


class OpenRequest(NamedTuple):
    """`ends_at` is in loop time."""

    service: str
    operation: str
    body: bytes
    ends_at: float
    answer: asyncio.Future[AbstractIncomingMessage]


class Caller:
    """`outgoing` carries the requests, `incoming` this node's queue of answers."""

    def __init__(self, outgoing: Link, incoming: Link, node_id: str) -> None:
        self._outgoing = outgoing
        self._channel: AbstractChannel | None = None
        self._open: dict[str, OpenRequest] = {}
        self.answers = NodeQueue(incoming, f"answers.{node_id}", (), self._on_answer)

    async def attach(self, connection: AbstractConnection) -> None:
        self._channel = await self._outgoing.open_channel(connection, confirms=True)

    async def call(self, service: str, operation: str, body: bytes, deadline: float) -> bytes:
        loop = asyncio.get_running_loop()
        request = OpenRequest(service, operation, body, loop.time() + deadline, loop.create_future())
        request_id = token_hex(8)
        self._open[request_id] = request
        try:
            message = await self._ask(request_id, request)
        finally:
            del self._open[request_id]
        if topology.FAILED_HEADER in message.headers:
            raise RequestFailed
        return message.body

    async def _ask(self, request_id: str, request: OpenRequest) -> AbstractIncomingMessage:
        is_queued = False
        try:
            async with asyncio.timeout_at(request.ends_at):
                is_queued = await self._knock(request_id, request)
                return await request.answer
        except TimeoutError:
            raise (RequestTimeout if is_queued else ServiceUnreachable)() from None

    async def _knock(self, request_id: str, request: OpenRequest) -> bool:
        """Until the request is in the service's queue."""
        while not await self._send(request_id, request):
            await asyncio.sleep(KNOCK_INTERVAL)
        return True

    async def _send(self, request_id: str, request: OpenRequest) -> bool:
        """False when it is in no queue. The deadline travels as the time that is left: clocks differ."""
        if self._channel is None or self._outgoing.connection is None or self.answers.queue_name is None:
            return False
        seconds_left = max(request.ends_at - asyncio.get_running_loop().time(), 0.001)
        message = Message(
            request.body,
            type=request.operation,
            correlation_id=request_id,
            reply_to=self.answers.queue_name,
            expiration=seconds_left,
            delivery_mode=DeliveryMode.NOT_PERSISTENT,
            headers={topology.BUDGET_HEADER: round(seconds_left * 1000)},
        )
        try:
            with talking_to_broker():
                await self._channel.default_exchange.publish(message, topology.request_queue_of(request.service))
        except BROKER_ERRORS:
            return False
        return True

    def _on_answer(self, message: AbstractIncomingMessage) -> None:
        """One that comes too late finds nobody waiting."""
        request = self._open.get(message.correlation_id or "")
        if request and not request.answer.done():
            request.answer.set_result(message)


class Server:
    """Answers the requests to one service. They leave the queue at once: one lost with its node times out."""

    def __init__(self, link: Link, service: str, handler: RequestHandler, sender: EphemeralSender) -> None:
        self._link = link
        self._service = service
        self._handler = handler
        self._sender = sender
        self._slots = asyncio.Semaphore(MAX_RUNNING)
        self._running = TaskSet("answer a request")
        self._queue: AbstractQueue | None = None
        self._consumer_tag = ""

    async def attach(self, connection: AbstractConnection) -> None:
        channel = await self._link.open_channel(connection)
        self._queue = await topology.declare_request_queue(channel, self._service)
        self._consumer_tag = await self._queue.consume(self._receive, no_ack=True, timeout=topology.DECLARE_TIMEOUT)

    async def drain(self) -> None:
        if self._queue is not None:
            await self._link.cancel_consumer(self._queue, self._consumer_tag)
        await self._running.wait()

    async def close(self) -> None:
        await self._running.stop()

    async def _receive(self, message: AbstractIncomingMessage) -> None:
        """Answers in a task of ours: the library's own end with their channel."""
        self._running.start(self._answer(message), operation=message.type)

    async def _answer(self, message: AbstractIncomingMessage) -> None:
        operation = message.type or ""
        try:
            async with asyncio.timeout(_budget(message)), self._slots:
                reply = Message(await self._handler(operation, message.body))
        except TimeoutError:
            log.warning("a request was not answered in time", service=self._service, operation=operation)
            return
        except Exception:
            log.exception("a request handler failed", service=self._service, operation=operation)
            reply = Message(b"", headers={topology.FAILED_HEADER: True})
        reply.correlation_id = message.correlation_id
        await self._sender.send_answer(message.reply_to or "", reply)


def _budget(message: AbstractIncomingMessage) -> float:
    """Seconds."""
    milliseconds = message.headers.get(topology.BUDGET_HEADER)
    return milliseconds / 1000 if isinstance(milliseconds, int) else MAX_REQUEST_DEADLINE
