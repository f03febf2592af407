"""What has to go after a while: every replica may do it at any time, and what fails is done in the next round."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial

from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import Unavailable
from shared.telemetry.logs import get_logger

ROUND_SECONDS = 600.0  # nothing here is noticed within minutes
MOST_PORTIONS = 100
"""Transactions of one chore in a round: what callers can leave behind faster than one portion a round goes, too."""

Chore = Callable[[Work, datetime], Awaitable[int]]
"""One transaction; returns how many rows it has dealt with, 0 when nothing is left."""

Sweep = Callable[[], Awaitable[int]]
"""The same for what takes transactions of its own."""


class Housekeeping:
    """`chores` by the name under which they are logged."""

    def __init__(self, database: Database, chores: Mapping[str, Chore], clock: Clock) -> None:
        self._database = database
        self._chores = chores
        self._clock = clock

    async def run(self) -> None:
        """Until it is cancelled. Replicas begin at different moments."""
        while True:
            await asyncio.sleep(ROUND_SECONDS * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing
            await self.do_all()

    async def do_all(self) -> None:
        """One that fails does not keep the others from being done."""
        for name, chore in self._chores.items():
            await _carry_out(name, partial(self._do, chore))

    async def _do(self, chore: Chore) -> int:
        count = 0
        for _ in range(MOST_PORTIONS):
            async with self._database.system_work() as work:
                portion = await chore(work, self._clock.now())
            count += portion
            if not portion:
                break
        return count


async def sweep_for_ever(name: str, sweep: Sweep, seconds: float) -> None:
    """Until it is cancelled. Replicas begin at different moments."""
    while True:
        await asyncio.sleep(seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load, guards nothing
        await _carry_out(name, sweep)


async def _carry_out(name: str, work: Sweep) -> None:
    try:
        done = await work()
    except Unavailable:
        return  # the next round will do
    except Exception:
        get_logger().exception("a chore failed", chore=name)
        return
    if done:
        get_logger().info("a chore is done", chore=name, count=done)
