"""Reads a run from any frame on: first what is stored, then what is being written, without a hole between them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from conversation_service.runs.errors import RunNotFound
from conversation_service.runs.frames import (
    BEFORE_THE_FIRST,
    delta_frame,
    is_last,
    last_frames,
    start_frame,
)
from conversation_service.runs.ledger import RunLedger
from conversation_service.runs.live import LiveRuns
from conversation_service.runs.schemas import RunState
from shared.db.failures import DatabaseUnavailable
from shared.events.run_frames import RunFrame

LOOK_SECONDS = 1.0
"""A lost signal is made good by looking into the database this often."""


class RunReader:
    def __init__(self, ledger: RunLedger, live: LiveRuns) -> None:
        self._ledger = ledger
        self._live = live

    async def frames(self, run: RunState, after: int = BEFORE_THE_FIRST) -> AsyncGenerator[RunFrame | None, None]:
        """Every frame behind the one called `after`, to the last one; None when there was nothing for a while.

        Who has been told more than its crashed node could store is told the end all the same. Ends early where the run
        is gone with its conversation. Raises LimitReached before the first frame.
        """
        position = max(after, 0)
        with self._live.follow(run.id) as live:
            if after < 0:
                yield start_frame(run)
            wants_look = not live.is_written_here
            while True:
                news = live.news
                heard = live.after(position)
                for text in heard or ():
                    position += 1
                    yield delta_frame(run, position, text)
                if heard is None or live.is_over or wants_look:
                    try:
                        current, stored = await self._ledger.read(run, position)
                    except RunNotFound:
                        return
                    except DatabaseUnavailable:
                        current, stored = run, []
                    for text in stored:
                        position += 1
                        yield delta_frame(run, position, text)
                    if current.is_over:
                        for frame in last_frames(current):
                            if frame.id > after or (is_last(frame) and frame.id < after):
                                yield frame
                        return
                wants_look = not await _is_set(news)
                if wants_look:
                    yield None

    async def until_over(self, run: RunState) -> RunState:
        """The run when it has ended. Raises RunNotFound."""
        async with aclosing(self.frames(run)) as frames:
            async for frame in frames:
                if frame is not None and is_last(frame):
                    break
        ended, _ = await self._ledger.read(run, run.delta_count)
        return ended


async def _is_set(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await news.wait()
    except TimeoutError:
        return False
