"""Where something stands in a topic: the log's epoch and the last offset seen."""

from typing import NamedTuple


class Position(NamedTuple):
    """Offsets of different epochs cannot be compared."""

    epoch: str
    offset: int


class Standing(NamedTuple):
    """Where a topic stands for somebody: `stream` is the name under which its events come to them."""

    position: Position
    stream: str
