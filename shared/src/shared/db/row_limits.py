"""Technical limits on rows: how many of a kind one owner (a tenant, a user, a thing) may have, alike in all tiers.

Counting costs what the limit allows at most, so far below the limit it is done once for many additions: a count is
remembered in the process as a number of additions that need no other. Near the limit every addition counts, alone.
"""

from collections import OrderedDict
from typing import NamedTuple

from shared.db.unit_of_work import Work
from shared.errors import LimitReached

REMEMBERED = 10_000  # owners in a process: 2 MB
_NEAR = 10  # within a tenth of the limit every addition counts
_NEAR_ROWS = 100  # and within so many rows: more than there are transactions at one time
_FREE = 200  # so 20 processes together cannot pass that tenth unnoticed


class RowLimit(NamedTuple):
    """`what` is part of the answer to whoever has reached it."""

    what: str
    most: int


class RoomMemory:
    """How many additions an owner has left that need no counting."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._free: OrderedDict[tuple[object, ...], int] = OrderedDict()
        self._remembered = remembered

    def spend(self, key: tuple[object, ...], number: int) -> bool:
        """False when they have to be counted."""
        left = self._free.get(key, 0) - number
        if left < 0:
            return False
        self._free[key] = left
        return True

    def clear(self) -> None:
        self._free.clear()

    def grant(self, key: tuple[object, ...], number: int) -> None:
        self._free[key] = number
        self._free.move_to_end(key)
        if len(self._free) > self._remembered:
            self._free.popitem(last=False)


_memory = RoomMemory()


def clear_remembered_counts() -> None:
    """For tests, which use the same owners in one database after the other."""
    _memory.clear()


async def require_within(work: Work, limit: RowLimit, counting: str, *owner: object, added: int = 1) -> None:
    """After as many as `added` were added, which a refusal takes back with the transaction. Raises LimitReached.

    `counting` selects a single number for the `owner`. It is exact near the limit, with parallel additions too: these
    wait for each other until their transactions end.
    """
    key = (limit.what, *owner)
    if _memory.spend(key, added):
        return
    number = await _count(work, counting, owner)
    if number <= limit.most - max(limit.most // _NEAR, _NEAR_ROWS):
        _memory.grant(key, limit.most // _FREE)
        return
    if number <= limit.most:  # what others have not committed yet may be too much
        await work.execute(_ALONE, " ".join(map(str, key)))
        number = await _count(work, counting, owner)
    if number > limit.most:
        raise LimitReached(limit.what, limit.most)


async def _count(work: Work, counting: str, owner: tuple[object, ...]) -> int:
    [row] = await work.rows(counting, *owner)
    number: int = next(iter(row.values()))
    return number


# A statement of its own: one that has begun to wait would count what it saw before.
_ALONE = "select pg_advisory_xact_lock(hashtextextended('at most ' || $1, 0))"
