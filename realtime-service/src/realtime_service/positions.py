"""Where something stands in a topic: the log's epoch and the last offset seen."""

from typing import NamedTuple


class Position(NamedTuple):
    """Offsets of different epochs cannot be compared."""

    epoch: str
    offset: int
