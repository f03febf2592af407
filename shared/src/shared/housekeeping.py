"""What has to go after a while goes here: each chore is one transaction, and every replica may do it at any time."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from shared.clock import Clock
from shared.db.databases import Database
from shared.db.failures import DatabaseUnavailable, TransactionConflict
from shared.db.unit_of_work import Work
from shared.telemetry.logs import get_logger

ROUND_SECONDS = 600.0  # nothing here is noticed within minutes

Chore = Callable[[Work, datetime], Awaitable[int]]
"""Returns how many rows it has dealt with."""


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
            try:
                async with self._database.system_work() as work:
                    done = await chore(work, self._clock.now())
            except (DatabaseUnavailable, TransactionConflict):
                continue  # the next round will do
            except Exception:
                get_logger().exception("a chore failed", chore=name)
                continue
            if done:
                get_logger().info("a chore is done", chore=name, rows=done)
