"""Threads for work that takes seconds when a caller wants it to.

The default threads of the loop are for short work: reading a body, writing a part of a file. Whoever waits for one of
these must not wait for somebody's archive.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class LongWork:
    """`count` pieces of work at a time; the others wait in their order. A piece is to end within a few seconds."""

    def __init__(self, name: str, count: int | None = None) -> None:
        self._threads = ThreadPoolExecutor(count or os.cpu_count(), name)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        context = copy_context()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: context.run(work, *args, **kwargs))

    def close(self) -> None:
        """What waits is not begun any more; what runs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
