"""Work that is done again and again in the background, and outlives every failure of what it works with."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from shared.db.failures import DatabaseUnavailable, TransactionConflict
from shared.telemetry.logs import get_logger

FAILURE_PAUSE_SECONDS = 5.0


class Rounds:
    """`work` is called until it says that nothing is left (False), then again after `pause` seconds or a `wake`."""

    def __init__(self, name: str, work: Callable[[], Awaitable[bool]], pause: float) -> None:
        self._name = name
        self._work = work
        self._pause = pause
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        self._awake.set()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """What is in hand is abandoned; it must be safe to take up again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            self._awake.clear()
            try:
                has_more = await self._work()
            except (DatabaseUnavailable, TransactionConflict):
                await asyncio.sleep(FAILURE_PAUSE_SECONDS)  # the database's own metrics tell why
            except Exception:
                get_logger().exception("a round failed", work=self._name)
                await asyncio.sleep(FAILURE_PAUSE_SECONDS)
            else:
                if not has_more:
                    await self._rest()

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause):
                await self._awake.wait()
