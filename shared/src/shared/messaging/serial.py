"""One queue's consumer: gives deliveries to a handler one at a time, and drains on request."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from shared.messaging.bus import RETRY_DELAYS, Delivery, DeliveryHandler
from shared.telemetry.logs import get_logger

log = get_logger()


class HeldDelivery(Delivery, Protocol):
    """A delivery as its adapter sees it. Settling never fails: a broker that is away delivers the message again."""

    @property
    def is_settled(self) -> bool: ...

    def give_back(self) -> None:
        """Leave it to the queue, first in line, as if it had never been taken."""


class SerialConsumer:
    def __init__(self, take: Callable[[], Awaitable[HeldDelivery]], handler: DeliveryHandler) -> None:
        self._take = take
        self._handler = handler
        self._has_one_in_hand = False
        self._is_draining = False
        self._task = asyncio.create_task(self._run())

    async def drain(self) -> None:
        """Returns when the delivery in hand, if any, is settled; no other one is taken."""
        self._is_draining = True
        if not self._has_one_in_hand:
            self._task.cancel()
        await asyncio.wait([self._task])

    async def close(self) -> None:
        """Cancels the handler; what it had not settled goes back to the queue."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._is_draining:
            delivery = await self._take()
            self._has_one_in_hand = True
            await self._hand_over(delivery)
            self._has_one_in_hand = False

    async def _hand_over(self, delivery: HeldDelivery) -> None:
        try:
            await self._call_handler(delivery)
            if not delivery.is_settled:
                await delivery.retry(RETRY_DELAYS[0])
        except asyncio.CancelledError:
            if not delivery.is_settled:
                delivery.give_back()
            raise

    async def _call_handler(self, delivery: HeldDelivery) -> None:
        try:
            await self._handler(delivery)
        except Exception:
            log.exception("a delivery handler failed", type=delivery.type, message_id=str(delivery.message_id))
