"""Publishing that is known to have arrived: confirmed, in order, and all or nothing for the connection it runs on.

A queue that is full by its policy refuses a message while the other queues of the exchange take it. The broker says
that a message was refused and not by which queue: the publisher then asks each queue it knows, one by one.
"""

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import DeliveryError, PublishError

from shared.messaging.bus import PUBLISH_TIMEOUT, Offered, OutgoingMessage, PublishFailed
from shared.messaging.rabbitmq import topology
from shared.messaging.rabbitmq.connection import BROKER_ERRORS, Link, talking_to_broker

IN_FLIGHT = 50
"""Messages sent and not yet confirmed: more do not make it faster.

A full queue takes messages again when a fifth of its limit is free. Unless that happens while these are under way, no
later one overtakes the first that was refused: limits of less than 250 messages give up the order, not the messages.
"""

Send = Callable[[], Coroutine[Any, Any, object]]
Outcome = bool | BaseException
"""Whether every queue took it, or why nobody knows."""


class Publisher:
    """Is attached to each new connection of its link, before the link counts as up.

    `queues` are those that are asked whether it was they that refused a message.
    """

    def __init__(self, link: Link, queues: Sequence[str] = ()) -> None:
        self._link = link
        self._queues = queues
        self._channel: AbstractChannel | None = None
        self._exchanges: dict[str, AbstractExchange] = {}

    async def attach(self, connection: AbstractConnection) -> None:
        self._channel = await self._link.open_channel(connection, confirms=True)
        self._exchanges = {}

    async def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        """To each message's exchange, where nobody needs to be bound yet. Raises PublishFailed."""
        outcomes = await self._send_all(messages)
        if False in outcomes:
            raise PublishFailed("a queue is full", confirmed=outcomes.index(False))

    async def offer(self, messages: Sequence[OutgoingMessage]) -> Offered:
        """As the bus describes it."""
        outcomes = await self._send_all(messages)
        refused = [message for message, is_taken in zip(messages, outcomes, strict=False) if not is_taken]
        full: dict[UUID, frozenset[str]] = {message.id: frozenset() for message in refused}
        try:
            for queue in self._queues if refused else ():
                for message in await self._refused_by(queue, refused):
                    full[message.id] |= {queue}
        except PublishFailed as failure:
            raise PublishFailed(str(failure), outcomes.index(False)) from failure
        return Offered(len(outcomes), full)

    async def offer_to(self, queue: str, messages: Sequence[OutgoingMessage]) -> int:
        """The first alone, and if it is taken the others together: see IN_FLIGHT.

        So none passes a queue that becomes free when the one before it was refused: the queue had room at the first,
        and can only be full once more before it is free again.
        """
        first, others = messages[:1], messages[1:]
        if not all(await self._send_to(queue, first)):
            return 0
        outcomes = await self._send_to(queue, others)
        return len(first) + (outcomes.index(False) if False in outcomes else len(others))

    async def publish_to_queue(self, queue: str, message: Message) -> None:
        """Straight into a queue, which has to exist. Raises PublishFailed."""
        exchange = self._open_channel().default_exchange
        outcomes = await _confirm_in_order(
            [functools.partial(exchange.publish, message, queue, timeout=PUBLISH_TIMEOUT)]
        )
        self._check(outcomes)
        if False in outcomes:
            raise PublishFailed("the queue is full")

    async def _send_all(self, messages: Sequence[OutgoingMessage]) -> list[bool]:
        """Whether every queue took each one begun; none is begun behind one that was refused. Raises PublishFailed."""
        if not messages:
            return []
        exchanges = await self._declared_exchanges({_exchange_of(message) for message in messages})
        outcomes = await _confirm_in_order([self._send_event(exchanges[_exchange_of(one)], one) for one in messages])
        return self._check(outcomes)

    async def _refused_by(self, queue: str, messages: Sequence[OutgoingMessage]) -> Sequence[OutgoingMessage]:
        """Offers them to one of our queues: those from the first on that it has no room for. Raises PublishFailed.

        None, if they were refused by a queue that is not ours.
        """
        wanted = [message for message in messages if queue not in message.withheld_from]
        outcomes = await self._send_to(queue, wanted)
        return wanted[outcomes.index(False) :] if False in outcomes else ()

    async def _send_to(self, queue: str, messages: Sequence[OutgoingMessage]) -> list[bool]:
        """As `_send_all`."""
        if not messages:
            return []
        exchanges = await self._declared_exchanges({topology.selected_exchange_of(one.service) for one in messages})
        sends = [
            _send(
                exchanges[topology.selected_exchange_of(one.service)], one, topology.key_for_queue(queue, one.type), []
            )
            for one in messages
        ]
        return self._check(await _confirm_in_order(sends))

    def _send_event(self, exchange: AbstractExchange, message: OutgoingMessage) -> Send:
        if not message.withheld_from:
            return _send(exchange, message, message.type, [])
        takers = [queue for queue in self._queues if queue not in message.withheld_from]
        keys = [topology.key_for_queue(queue, message.type) for queue in takers]
        return _send(exchange, message, topology.key_for_nodes(message.type), keys)

    def _open_channel(self) -> AbstractChannel:
        if self._channel is None or self._link.connection is None:
            raise PublishFailed("the broker is not reachable")
        return self._channel

    async def _declared_exchanges(self, names: set[str]) -> dict[str, AbstractExchange]:
        channel, exchanges = self._open_channel(), self._exchanges
        try:
            with talking_to_broker():
                for name in names - exchanges.keys():
                    exchanges[name] = await topology.declare_exchange(channel, name)
        except BROKER_ERRORS as error:
            raise self._give_up(type(error).__name__, confirmed=0) from error
        return exchanges

    def _check(self, outcomes: Sequence[Outcome]) -> list[bool]:
        """Raises PublishFailed where the fate of one is unknown, or one was returned as nobody's."""
        known: list[bool] = []
        for outcome in outcomes:
            if isinstance(outcome, bool):
                known.append(outcome)
            elif isinstance(outcome, (*BROKER_ERRORS, asyncio.CancelledError)):
                confirmed = known.index(False) if False in known else len(known)
                raise self._give_up(type(outcome).__name__, confirmed) from outcome
            else:
                raise outcome
        return known

    def _give_up(self, reason: str, confirmed: int) -> PublishFailed:
        """Nothing may be sent behind a message of unknown fate: it could be stored ahead of that one's repetition."""
        self._link.drop(f"publishing failed: {reason}")
        return PublishFailed(reason, confirmed)


async def _confirm_in_order(sends: Sequence[Send]) -> list[Outcome]:
    """What became of each one begun; none is begun after a failure or a refusal. At most IN_FLIGHT run at once.

    The channel's lock is fair, so what is begun in order is sent in order. No TaskGroup: on Python 3.11 one that
    fails leaves its task marked as being cancelled.
    """
    window, stops, tasks = asyncio.Semaphore(IN_FLIGHT), [], []

    def finish(task: asyncio.Task[bool]) -> None:
        window.release()
        if task.cancelled() or task.exception() or not task.result():
            stops.append(task)

    try:
        for send in sends:
            await window.acquire()
            if stops:
                break
            task = asyncio.create_task(_confirm(send))
            task.add_done_callback(finish)
            tasks.append(task)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)


async def _confirm(send: Send) -> bool:
    """False: a queue refused it. A message that was returned is an error: there is no queue."""
    with talking_to_broker():
        try:
            await send()
        except PublishError:
            raise
        except DeliveryError:
            return False
    return True


def _exchange_of(message: OutgoingMessage) -> str:
    return (topology.selected_exchange_of if message.withheld_from else topology.exchange_of)(message.service)


def _send(exchange: AbstractExchange, message: OutgoingMessage, key: str, more_keys: list[str]) -> Send:
    """Not mandatory: an event nobody listens to yet is fine. `more_keys` are for routing only, and not delivered."""
    headers: dict[str, Any] = {topology.TRACEPARENT_HEADER: message.traceparent} if message.traceparent else {}
    if more_keys:
        headers["BCC"] = more_keys
    amqp_message = Message(
        message.body,
        message_id=str(message.id),
        type=message.type,
        content_type="application/cloudevents+json",
        delivery_mode=DeliveryMode.PERSISTENT,
        headers=headers,
    )
    return functools.partial(exchange.publish, amqp_message, key, mandatory=False, timeout=PUBLISH_TIMEOUT)
