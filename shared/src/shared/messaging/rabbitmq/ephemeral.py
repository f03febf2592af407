"""Sending what may be lost: signals and answers. Not confirmed, not kept, and never a reason to wait or to fail."""

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractConnection, AbstractExchange

from shared.messaging.rabbitmq import topology
from shared.messaging.rabbitmq.connection import BROKER_ERRORS, Link, talking_to_broker
from shared.telemetry.logs import get_logger

SEND_TIMEOUT = 0.5
"""Seconds. A connection the broker has blocked takes nothing."""

log = get_logger()


class EphemeralSender:
    def __init__(self, link: Link) -> None:
        self._link = link
        self._answers: AbstractExchange | None = None
        self._signals: AbstractExchange | None = None

    async def attach(self, connection: AbstractConnection) -> None:
        channel = await self._link.open_channel(connection)
        self._answers = channel.default_exchange
        self._signals = await topology.declare_exchange(channel, topology.SIGNALS_EXCHANGE)

    async def send_answer(self, reply_to: str, message: Message) -> None:
        await self._send(self._answers, reply_to, message)

    async def send_signal(self, name: str, body: bytes) -> None:
        await self._send(self._signals, name, Message(body, delivery_mode=DeliveryMode.NOT_PERSISTENT))

    async def _send(self, exchange: AbstractExchange | None, routing_key: str, message: Message) -> None:
        if exchange is None or self._link.connection is None:
            return
        try:
            with talking_to_broker():
                await exchange.publish(message, routing_key, mandatory=False, timeout=SEND_TIMEOUT)
        except BROKER_ERRORS as error:
            log.info("something ephemeral was lost", routing_key=routing_key, error=type(error).__name__)
