"""Rows that a column says are over: deleting them oldest first, and measuring what is left of them."""

# ruff: noqa: S608 - statements are made of names of ours

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from shared.db.portions import PORTION_ROWS, Portion
from shared.db.unit_of_work import Work

COUNTED_ROWS = 100_000
"""A backlog is counted up to this many rows: counting more would cost more than knowing is worth."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class DueRows(NamedTuple):
    """Rows of `table` whose `column`, a time or a date, is more than `kept_for` ago. An index begins with the column.

    `condition` narrows them and is part of that index where it is partial.
    """

    table: str
    column: str
    kept_for: timedelta = timedelta()
    condition: str = "true"

    @property
    def found(self) -> str:
        """$1 is the time before which rows are due."""
        return f"from {self.table} where {self.column} < $1::timestamptz and {self.condition}"


class Backlog(NamedTuple):
    """How many rows should have been deleted, COUNTED_ROWS at most, and for how many seconds the oldest of them."""

    rows: int
    seconds: float


class DueDeletion:
    """Deletes due rows in portions. Each goes on where the one before ended: what was just deleted is not read again.

    Locked rows are left to the next round.
    """

    def __init__(self, due: DueRows, at_once: int = PORTION_ROWS) -> None:
        self._at_once = at_once
        self._kept_for = due.kept_for
        self._from = BEGINNING
        self._sql = f"""
            with deleted as (
                delete from {due.table} where ctid = any(array(
                    select ctid {due.found} and {due.column} >= $2::timestamptz
                    order by {due.column} limit $3 for update skip locked
                )) returning {due.column} as due_at
            )
            select count(*) as deleted, max(due_at)::timestamptz as reached from deleted
        """

    async def delete(self, work: Work, now: datetime) -> Portion:
        """In system work."""
        [row] = await work.rows(self._sql, now - self._kept_for, self._from, self._at_once)
        is_last = row["deleted"] < self._at_once
        self._from = BEGINNING if is_last else row["reached"]
        return Portion(row["deleted"], is_last)


async def backlog_of(due: DueRows, work: Work, now: datetime) -> Backlog:
    """In system work."""
    [row] = await work.rows(
        f"""
        select count(*)::int as rows, coalesce(extract(epoch from $1 - min(due_at)::timestamptz), 0)::float8 as seconds
        from (select {due.column} as due_at {due.found} order by {due.column} limit $2) due
        """,
        now - due.kept_for,
        COUNTED_ROWS,
    )
    return Backlog(**row)
