"""One clockwork for all timeouts of all connections: a hashed timer wheel, because most timers never fire."""

import asyncio
from collections.abc import Callable

from shared.telemetry.logs import get_logger

TICK_SECONDS = 0.1
SLOTS = 512  # one round takes 51 s, so that pings and most timeouts are looked at once

log = get_logger()


class Timer:
    __slots__ = ("_callback", "_slot", "rounds")

    def __init__(self, callback: Callable[[], None], slot: "set[Timer]", rounds: int) -> None:
        self._callback = callback
        self._slot = slot
        self.rounds = rounds
        slot.add(self)

    def cancel(self) -> None:
        self._slot.discard(self)

    def fire(self) -> None:
        self._slot.discard(self)
        try:
            self._callback()
        except Exception:  # one connection's trouble must not stop the clock of all others
            log.exception("a timer failed")


class TimerWheel:
    """Times are as exact as one tick. It stands still until `run` is awaited in a task."""

    def __init__(self) -> None:
        self._slots: list[set[Timer]] = [set() for _ in range(SLOTS)]
        self._now = 0

    def after(self, seconds: float, callback: Callable[[], None]) -> Timer:
        ticks = max(1, round(seconds / TICK_SECONDS))
        return Timer(callback, self._slots[(self._now + ticks) % SLOTS], (ticks - 1) // SLOTS)

    async def run(self) -> None:
        """Turns until it is cancelled. After a blocked loop it catches up, tick by tick."""
        loop = asyncio.get_running_loop()
        started, first = loop.time(), self._now
        while True:
            due = started + (self._now - first + 1) * TICK_SECONDS
            await asyncio.sleep(max(0.0, due - loop.time()))
            self.tick()

    def tick(self) -> None:
        self._now += 1
        for timer in tuple(self._slots[self._now % SLOTS]):
            if timer.rounds:
                timer.rounds -= 1
            else:
                timer.fire()
