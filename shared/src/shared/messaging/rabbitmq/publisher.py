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
        if not messages:
            return
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
        outcomes = await _confirm_in_order(sends)
        confirmed = sum(1 for _ in itertools.takewhile(lambda error: error is None, outcomes))
        failure = outcomes[confirmed] if confirmed < len(outcomes) else None
        if isinstance(failure, BROKER_ERRORS):
            raise self._give_up(type(failure).__name__, confirmed) from failure
        if failure is not None:
            raise failure

    def _give_up(self, reason: str, confirmed: int) -> PublishFailed:
        """Nothing may be sent behind a message of unknown fate: it could be stored ahead of that one's repetition."""
        self._link.drop(f"publishing failed: {reason}")
        return PublishFailed(reason, confirmed)


async def _confirm_in_order(sends: Sequence[Send]) -> list[BaseException | None]:
    """What became of each one begun; none is begun after a failure. At most IN_FLIGHT run at once.

    The channel's lock is fair, so what is begun in order is sent in order. No TaskGroup: on Python 3.11 one that
    fails leaves its task marked as being cancelled.
    """
    window, failures, tasks = asyncio.Semaphore(IN_FLIGHT), [], []

    def finish(task: asyncio.Task[None]) -> None:
        window.release()
        if task.cancelled() or task.exception():
            failures.append(task)

    try:
        for send in sends:
            await window.acquire()
            if failures:
                break
            task = asyncio.create_task(_confirm(send))
            task.add_done_callback(finish)
            tasks.append(task)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def _confirm(send: Send) -> None:
    with talking_to_broker():
        await send()


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
