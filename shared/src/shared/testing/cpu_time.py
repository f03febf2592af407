"""How long something keeps the processor: the loop's other users wait for so long."""

import time
from collections.abc import Callable

TRIES = 3
"""The first may find cold caches, or a machine that is busy with something else: one in time is enough."""


def ends_within(seconds: float, read: Callable[[], object]) -> bool:
    """In CPU time of this thread."""
    return any(_seconds_of(read) <= seconds for _ in range(TRIES))


def _seconds_of(read: Callable[[], object]) -> float:
    started = time.thread_time()
    read()
    return time.thread_time() - started
