"""Repairing streams: asks keepers for what a topic missed, a few at a time, while the bus is there to ask."""

import asyncio
import random
from collections.abc import Sequence

from realtime_service.metrics import LiveMetrics
from realtime_service.replay import Keepers
from realtime_service.topics import TopicStream
from shared.errors import Unavailable, UpstreamError, UpstreamTimeout
from shared.events.questions import TopicNotFound
from shared.telemetry.logs import get_logger

AT_ONCE = 32  # after a broker restart every live topic wants one
PAUSES = (0.1, 0.3, 1.0, 2.0, 4.0)  # seconds between attempts, each with up to half of itself on top
KEEPER_SILENT = "keeper_unreachable"
BROKEN = "internal_error"

log = get_logger()


class Repairs:
    def __init__(
        self,
        keepers: Keepers,
        metrics: LiveMetrics,
        bus_is_back: asyncio.Event,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._keepers = keepers
        self._metrics = metrics
        self._bus_is_back = bus_is_back
        self._pauses = pauses
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._running: dict[TopicStream, asyncio.Task[None]] = {}

    def begin(self, stream: TopicStream) -> None:
        """Ends with the stream mended or given up; a stream that wants another one then gets it."""
        if stream not in self._running:
            self._running[stream] = asyncio.create_task(self._run(stream))

    def cancel(self, stream: TopicStream) -> None:
        if (task := self._running.pop(stream, None)) is not None:
            task.cancel()

    async def close(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, stream: TopicStream) -> None:
        try:
            while stream.is_repairing:
                await self._repair(stream)
        except Exception:
            log.exception("a stream could not be repaired", topic=stream.name)
            stream.give_up(BROKEN)
        finally:
            if self._running.get(stream) is asyncio.current_task():
                del self._running[stream]

    async def _repair(self, stream: TopicStream) -> None:
        for pause in self._pauses:
            await self._bus_is_back.wait()
            async with self._turns:
                if await self._try(stream):
                    return
            await asyncio.sleep(pause * random.uniform(1.0, 1.5))  # noqa: S311 - spreads load, hides nothing
        self._metrics.gap_repairs.labels("given_up").inc()
        stream.give_up(KEEPER_SILENT)

    async def _try(self, stream: TopicStream) -> bool:
        after = stream.about_to_ask()
        for subscriber in tuple(stream.subscribers):
            try:
                missed = await self._keepers.missed(subscriber.principal, stream.name, after)
            except TopicNotFound:
                subscriber.refused()
                continue
            except (Unavailable, UpstreamTimeout, UpstreamError):
                return False
            if not missed.has_more:
                self._metrics.gap_repairs.labels("lost" if missed.reason else "mended").inc()
            stream.mend(missed)
            return True
        return False
