"""Waiting for something that sends no notice."""

import asyncio
import time
from collections.abc import Callable

POLL_SECONDS = 0.02


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(POLL_SECONDS)
    return True
