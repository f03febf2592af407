"""Token buckets: how much a connection may ask for, and when it may ask again."""

import time


class Bucket:
    """Holds `size` tokens and gains `per_second`."""

    __slots__ = ("_level", "_per_second", "_size", "_updated")

    def __init__(self, size: float, per_second: float) -> None:
        self._size = size
        self._per_second = per_second
        self._level = size
        self._updated = time.monotonic()

    def take(self) -> bool:
        """Whether there was a token."""
        now = time.monotonic()
        self._level = min(self._size, self._level + (now - self._updated) * self._per_second)
        self._updated = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True

    @property
    def wait_ms(self) -> int:
        """Until the next token."""
        return max(0, int((1.0 - self._level) / self._per_second * 1000)) + 1
