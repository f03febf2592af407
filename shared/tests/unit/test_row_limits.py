"""What a count far from a limit is good for, and how long."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from shared.db.row_limits import RoomMemory, RowLimit, require_within
from shared.db.unit_of_work import Work
from shared.errors import LimitReached
from shared.ids import new_id

LIMIT = RowLimit("things", 1_000)


class FakeWork:
    """Rows of one owner, how often they were counted, and whether that was done alone."""

    def __init__(self, rows: int) -> None:
        self.number = rows
        self.counts = 0
        self.locks = 0

    async def rows(self, _sql: str, *_args: object) -> Sequence[dict[str, Any]]:
        self.counts += 1
        return [{"count": self.number}]

    async def execute(self, _sql: str, *_args: object) -> int:
        self.locks += 1
        return 1

    async def add(self, owner: object, number: int = 1) -> None:
        self.number += number
        await require_within(cast(Work, self), LIMIT, "count", owner, added=number)


async def test_far_from_the_limit_one_count_is_good_for_several_additions() -> None:
    work, owner = FakeWork(0), new_id()

    for _ in range(12):
        await work.add(owner)

    assert (work.counts, work.locks) == (2, 0)


async def test_near_the_limit_every_addition_counts_alone() -> None:
    work, owner = FakeWork(LIMIT.most - 4), new_id()

    for _ in range(4):
        await work.add(owner)
    with pytest.raises(LimitReached) as refusal:
        await work.add(owner)

    assert work.locks == 4  # the last one need not wait to be refused
    assert refusal.value.details == {"what": "things", "limit": LIMIT.most}


async def test_owners_have_limits_of_their_own_and_large_additions_are_counted() -> None:
    work = FakeWork(0)
    await work.add(new_id())
    await work.add(owner := new_id())

    await work.add(owner, 100)

    assert work.counts == 3


def test_the_memory_of_many_owners_forgets_the_oldest() -> None:
    memory = RoomMemory(remembered=2)

    for name in ("a", "b", "c"):
        memory.grant((name,), 5)

    assert [memory.spend((name,), 5) for name in ("a", "b", "c", "c")] == [False, True, True, False]
