"""Token buckets: how much a connection may ask for, and when it may ask again."""

import time
from typing import NamedTuple


class Rate(NamedTuple):
    """A bucket of `size` tokens that gains `per_second`."""

    size: float
    per_second: float


class Bucket:
    __slots__ = ("_level", "_rate", "_updated")

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._level = rate.size
        self._updated = time.monotonic()

    def take(self) -> bool:
        """Whether there was a token."""
        now = time.monotonic()
        self._level = min(self._rate.size, self._level + (now - self._updated) * self._rate.per_second)
        self._updated = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True

    @property
    def wait_ms(self) -> int:
        """Until the next token."""
        return max(0, int((1.0 - self._level) / self._rate.per_second * 1000)) + 1
