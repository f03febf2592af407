"""Rows that a condition without an index says are over: found by walking the whole table in portions."""

# ruff: noqa: S608 - statements are made of names of ours

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from shared.db.portions import PORTION_ROWS, Portion
from shared.db.unit_of_work import Work

BEGINNING = UUID(int=0)


class WalkedRows(NamedTuple):
    """Of `table`, whose primary key is `id`. In `condition` $1 is the time that is `kept_for` ago."""

    table: str
    condition: str
    kept_for: timedelta = timedelta()


class WalkingDeletion:
    """For tables whose hot writes should not pay for an index that serves nothing but retention."""

    def __init__(self, walked: WalkedRows, at_once: int = PORTION_ROWS) -> None:
        self._kept_for = walked.kept_for
        self._at_once = at_once
        self._reached = BEGINNING
        self._sql = f"""
            with looked_at as (
                select id, ({walked.condition}) as is_due from {walked.table} where id > $2 order by id limit $3
            ), deleted as (
                delete from {walked.table} where id in (select id from looked_at where is_due) returning id
            )
            select (select count(*) from deleted) as deleted, (select count(*) from looked_at) as looked_at,
                   (select id from looked_at order by id desc limit 1) as reached
        """

    async def delete(self, work: Work, now: datetime) -> Portion:
        """In system work."""
        [row] = await work.rows(self._sql, now - self._kept_for, self._reached, self._at_once)
        is_last = row["looked_at"] < self._at_once
        self._reached = BEGINNING if is_last else row["reached"]
        return Portion(row["deleted"], is_last)
