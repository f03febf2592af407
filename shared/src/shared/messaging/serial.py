"""One queue's consumer: gives what waits to a handler, never overlapping, and drains on request."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from shared.messaging.bus import RETRY_DELAYS, DeliveriesHandler, Delivery
from shared.telemetry.logs import get_logger

PACE_SECONDS = 0.02
"""From one beginning to the next, at least: what comes alone is handled at once, a burst is handled together."""

log = get_logger()


class HeldDelivery(Delivery, Protocol):
    """A delivery as its adapter sees it. Settling never fails: a broker that is away delivers the message again."""

    @property
    def is_settled(self) -> bool: ...

    def give_back(self) -> None:
        """Leave it to the queue, first in line, as if it had never been taken."""


class SerialConsumer:
    """`take` waits for a delivery and returns it with those that wait behind it."""

    def __init__(self, take: Callable[[], Awaitable[Sequence[HeldDelivery]]], handler: DeliveriesHandler) -> None:
        self._take = take
        self._handler = handler
        self._has_some_in_hand = False
        self._is_draining = False
        self._task = asyncio.create_task(self._run())

    async def drain(self) -> None:
        """Returns when the deliveries in hand, if any, are settled; no other one is taken."""
        self._is_draining = True
        if not self._has_some_in_hand:
            self._task.cancel()
        await asyncio.wait([self._task])

    async def close(self) -> None:
        """Cancels the handler; what it had not settled goes back to the queue."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        while not self._is_draining:
            deliveries = await self._take()
            began = time.monotonic()
            self._has_some_in_hand = True
            await self._hand_over(deliveries)
            self._has_some_in_hand = False
            await asyncio.sleep(began + PACE_SECONDS - time.monotonic())

    async def _hand_over(self, deliveries: Sequence[HeldDelivery]) -> None:
        try:
            await self._call_handler(deliveries)
            for delivery in _unsettled(deliveries):
                await delivery.retry(RETRY_DELAYS[0])
        except asyncio.CancelledError:
            for delivery in reversed(_unsettled(deliveries)):  # the last one given back is the first in line
                delivery.give_back()
            raise

    async def _call_handler(self, deliveries: Sequence[HeldDelivery]) -> None:
        try:
            await self._handler(deliveries)
        except Exception:
            left = _unsettled(deliveries)
            log.exception("a delivery handler failed", message_ids=[str(delivery.message_id) for delivery in left])


def _unsettled(deliveries: Sequence[HeldDelivery]) -> list[HeldDelivery]:
    return [delivery for delivery in deliveries if not delivery.is_settled]
