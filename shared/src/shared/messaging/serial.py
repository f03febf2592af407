"""One queue's consumer: gives what waits to a handler, never overlapping, and drains on request."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from shared.messaging.bus import MAX_ATTEMPTS, RETRY_DELAYS, DeliveriesHandler, Delivery
from shared.supervision import Supervisor
from shared.telemetry.logs import get_logger

PACE_SECONDS = 0.02
"""From one beginning to the next, at least: what comes alone is handled at once, a burst is handled together."""


class HeldDelivery(Delivery, Protocol):
    """A delivery as its adapter sees it. Settling never fails: a broker that is away delivers the message again."""

    @property
    def is_settled(self) -> bool: ...

    def give_back(self) -> None:
        """Leave it to the queue, first in line, as if it had never been taken."""


class SerialConsumer:
    """`take` waits for a delivery and returns it with those that wait behind it.

    Should settling fail against its contract, what was in hand is given back and `on_failure` is called.
    """

    def __init__(
        self,
        name: str,
        take: Callable[[], Awaitable[Sequence[HeldDelivery]]],
        handler: DeliveriesHandler,
        tasks: Supervisor,
        on_failure: Callable[[], None] = lambda: None,
    ) -> None:
        self._take = take
        self._handler = handler
        self._has_some_in_hand = False
        self._is_draining = False
        self._task = tasks.start(f"consume {name}", self._run, may_return=True, on_failure=on_failure)

    async def drain(self) -> None:
        """Returns when the deliveries in hand, if any, are settled; no other one is taken."""
        self._is_draining = True
        if self._has_some_in_hand:
            await self._task.wait()
        else:
            await self._task.stop()

    async def close(self) -> None:
        """Cancels the handler; what it had not settled goes back to the queue."""
        await self._task.stop()

    async def _run(self) -> None:
        while not self._is_draining:
            deliveries = await self._take()
            began = time.monotonic()
            self._has_some_in_hand = True
            try:
                await self._hand_over(deliveries)
            finally:
                self._has_some_in_hand = False
            await asyncio.sleep(began + PACE_SECONDS - time.monotonic())

    async def _hand_over(self, deliveries: Sequence[HeldDelivery]) -> None:
        try:
            await self._call_handler(deliveries)
            for delivery in _unsettled(deliveries):
                await _put_off(delivery)
        except BaseException:
            for delivery in reversed(_unsettled(deliveries)):  # the last one given back is the first in line
                delivery.give_back()
            raise

    async def _call_handler(self, deliveries: Sequence[HeldDelivery]) -> None:
        try:
            await self._handler(deliveries)
        except Exception:
            left = _unsettled(deliveries)
            get_logger().exception(
                "a delivery handler failed", message_ids=[str(delivery.message_id) for delivery in left]
            )


async def _put_off(delivery: HeldDelivery) -> None:
    """What its handler left unsettled, by a defect. It comes again, but not for ever."""
    if delivery.attempt >= MAX_ATTEMPTS:
        await delivery.dead_letter(f"Unsettled: the handler failed {delivery.attempt} times.")
    else:
        await delivery.retry(RETRY_DELAYS[0])


def _unsettled(deliveries: Sequence[HeldDelivery]) -> list[HeldDelivery]:
    return [delivery for delivery in deliveries if not delivery.is_settled]
