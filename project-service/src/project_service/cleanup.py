"""What follows a failed request: what it stored is removed, also when its caller has gone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from shared.errors import Unavailable
from shared.idempotency import beside_the_write
from shared.telemetry.logs import get_logger

Removal = Callable[[], Coroutine[Any, Any, None]]


class Cleanup:
    """A removal that fails leaves everything to a sweep: the error of the request is what its caller has to know."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def on_failure(self, remove: Removal) -> AsyncIterator[None]:
        try:
            yield
        except asyncio.CancelledError:
            self._begin(remove)  # whoever cancels does not wait
            raise
        except BaseException:
            await asyncio.shield(self._begin(remove))
            raise

    async def settle(self) -> None:
        """Waits for the removals that nobody waits for."""
        await asyncio.gather(*self._running)

    def _begin(self, remove: Removal) -> "asyncio.Task[None]":
        task = asyncio.create_task(_carry_out(remove))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task


async def _carry_out(remove: Removal) -> None:
    try:
        with beside_the_write():
            await remove()
    except Unavailable:
        get_logger().warning("what a failed request stored is left to the sweep")
    except Exception:
        get_logger().exception("what a failed request stored is left to the sweep")
