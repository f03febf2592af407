"""Whether events can arrive at all: clients are told when the bus goes away and when it is back."""

import asyncio
from collections.abc import Callable

from shared.messaging.bus import Bus

LOOK_SECONDS = 0.2


class BusWatch:
    def __init__(self, bus: Bus, on_change: Callable[[bool], None]) -> None:
        """`on_change` is told whether the bus is back."""
        self._bus = bus
        self._on_change = on_change
        self.is_back = asyncio.Event()
        """Set while the bus is there."""

    async def run(self) -> None:
        """Looks once."""
        self.look()

    def look(self) -> None:
        is_back = self._bus.is_connected
        if is_back is self.is_back.is_set():
            return
        if is_back:
            self.is_back.set()
        else:
            self.is_back.clear()
        self._on_change(is_back)
