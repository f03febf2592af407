"""Publishing that is known to have arrived: confirmed, in order, and all or nothing for the connection it runs on."""

import asyncio
import functools
import itertools
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange

from shared.messaging.bus import PUBLISH_TIMEOUT, OutgoingMessage, PublishFailed
from shared.messaging.rabbitmq import topology
from shared.messaging.rabbitmq.connection import BROKER_ERRORS, Link, talking_to_broker

IN_FLIGHT = 50
"""Messages sent and not yet confirmed: more do not make it faster."""

Send = Callable[[], Coroutine[Any, Any, object]]


class Publisher:
    """Is attached to each new connection of its link, before the link counts as up."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._channel: AbstractChannel | None = None
        self._exchanges: dict[str, AbstractExchange] = {}

    async def attach(self, connection: AbstractConnection) -> None:
        self._channel = await self._link.open_channel(connection, confirms=True)
        self._exchanges = {}

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        """To each message's exchange, where nobody needs to be bound yet. Raises PublishFailed."""
        exchanges = await self._declared_exchanges({message.service for message in messages})
        await self._confirm_all([_send_event(exchanges[message.service], message) for message in messages])

    async def publish_to_queue(self, queue: str, message: Message) -> None:
        """Straight into a queue, which has to exist. Raises PublishFailed."""
        exchange = self._open_channel().default_exchange
        await self._confirm_all([functools.partial(exchange.publish, message, queue, timeout=PUBLISH_TIMEOUT)])

    def _open_channel(self) -> AbstractChannel:
        if self._channel is None or self._link.connection is None:
            raise PublishFailed("the broker is not reachable")
        return self._channel

    async def _declared_exchanges(self, services: set[str]) -> dict[str, AbstractExchange]:
        channel, exchanges = self._open_channel(), self._exchanges
        try:
            with talking_to_broker():
                for service in services - exchanges.keys():
                    exchanges[service] = await topology.declare_exchange(channel, topology.exchange_of(service))
        except BROKER_ERRORS as error:
            raise self._give_up(type(error).__name__, confirmed=0) from error
        return exchanges

    async def _confirm_all(self, sends: Sequence[Send]) -> None:
        tasks: list[asyncio.Task[None]] = []
        failure = ""
        try:
            await _run_in_window(sends, tasks)
        except* BROKER_ERRORS as errors:
            failure = type(errors.exceptions[0]).__name__
        if failure:
            raise self._give_up(failure, _leading_successes(tasks))

    def _give_up(self, reason: str, confirmed: int) -> PublishFailed:
        """Nothing may be sent behind a message of unknown fate: it could be stored ahead of that one's repetition."""
        self._link.drop(f"publishing failed: {reason}")
        return PublishFailed(reason, confirmed)


async def _run_in_window(sends: Sequence[Send], tasks: list[asyncio.Task[None]]) -> None:
    """Begins them in order, at most IN_FLIGHT at once. The channel's lock is fair, so they also leave in order."""
    window = asyncio.Semaphore(IN_FLIGHT)
    async with asyncio.TaskGroup() as group:
        for send in sends:
            await window.acquire()
            task = group.create_task(_confirm(send))
            task.add_done_callback(lambda _: window.release())
            tasks.append(task)


async def _confirm(send: Send) -> None:
    with talking_to_broker():
        await send()


def _leading_successes(tasks: Sequence[asyncio.Task[None]]) -> int:
    succeeded = (task.done() and not task.cancelled() and task.exception() is None for task in tasks)
    return sum(1 for _ in itertools.takewhile(bool, succeeded))


def _send_event(exchange: AbstractExchange, message: OutgoingMessage) -> Send:
    """Not mandatory: an event nobody listens to yet is fine."""
    amqp_message = Message(
        message.body,
        message_id=str(message.id),
        type=message.type,
        content_type="application/cloudevents+json",
        delivery_mode=DeliveryMode.PERSISTENT,
        headers={topology.TRACEPARENT_HEADER: message.traceparent} if message.traceparent else {},
    )
    return functools.partial(exchange.publish, amqp_message, message.type, mandatory=False, timeout=PUBLISH_TIMEOUT)
