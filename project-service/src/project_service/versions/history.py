"""How far back the versions of a project go: what is older than its tier keeps is put into one first version.

That version is the newest one of before: what files were at any moment within the time can still be read. It then has
added every file that there was. First the versions before it disappear, and then, in portions, what they were made of.
"""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections import deque
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.portions import Portion
from shared.db.unit_of_work import Work
from shared.principal import Tier
from shared.quotas import TIER_SETTLES, VERSIONS_KEPT_FOR

LOOKED_AT = 2_000  # projects in one transaction, with one probe of an index for each
ROWS_AT_ONCE = 5_000  # changes of files, or versions, in one transaction

BEGINNING = UUID(int=0)


class _Due(NamedTuple):
    project_id: UUID
    before: datetime


class Histories:
    """Walks all projects that have files."""

    def __init__(self) -> None:
        self._reached = BEGINNING
        self._due: deque[_Due] = deque()

    async def delete(self, work: Work, now: datetime) -> Portion:
        """In system work."""
        if not self._due:
            return Portion(0, is_last=not await self._walk_on(work, now))
        due = self._due.popleft()
        deleted, is_done = await _shorten(work, due)
        if not is_done:
            self._due.append(due)
        return Portion(deleted, is_last=False)

    async def _walk_on(self, work: Work, now: datetime) -> bool:
        """False at the end, where the next walk begins anew."""
        befores = {tier: now - VERSIONS_KEPT_FOR[tier] for tier in Tier}
        rows = await work.rows(
            _LOOK,
            self._reached,
            LOOKED_AT,
            [tier.value for tier in befores],
            list(befores.values()),
            min(befores.values()),
            now - TIER_SETTLES,
        )
        self._due.extend(_Due(row["project_id"], row["before"]) for row in rows if row["is_due"])
        self._reached = rows[-1]["project_id"] if rows else BEGINNING
        return bool(rows)


async def _shorten(work: Work, due: _Due) -> tuple[int, bool]:
    """One portion: how many rows it has deleted, and whether it was the last one."""
    row = await work.row(_BEGIN, due.project_id, due.before)
    if row is None:  # the project is gone
        return 0, True
    first = row["first_version"]
    for statement in _PORTIONS:
        count = await work.execute(statement, due.project_id, first, ROWS_AT_ONCE)
        if count:
            return (0 if statement is _MOVE else count), False
    await work.execute(_COUNT, due.project_id, first)
    deleted = await work.execute(_DELETE_VERSIONS, due.project_id, first, ROWS_AT_ONCE)
    return deleted, deleted < ROWS_AT_ONCE


# Due is a project whose second version is too old: of two such versions one can go.
_LOOK = """
select t.project_id, t.before,
       coalesce(second.version <= t.first_version or second.created_at < t.before, false) as is_due
from (
    select t.project_id, t.first_version,
           case when t.tier_since < $6 then coalesce(kept.before, $5) else $5 end as before
    from (select * from file_trees where project_id > $1 order by project_id limit $2) t
    left join unnest($3::text[], $4::timestamptz[]) as kept (tier, before) on kept.tier = t.tier
) t left join lateral (
    select v.version, v.created_at from versions v where v.project_id = t.project_id order by v.version offset 1 limit 1
) second on true
order by t.project_id
"""
_BEGIN = """
update file_trees t set first_version = greatest(t.first_version, coalesce((
    select v.version from versions v where v.project_id = $1 and v.created_at < $2 order by v.version desc limit 1
), 1)) where t.project_id = $1 returning t.first_version
"""


def _delete_changes(condition: str) -> str:
    found = f"select c.ctid from file_changes c where c.project_id = $1 and {condition} limit $3"
    return f"delete from file_changes where ctid = any(array({found}))"


# In this order: a deletion may go when no older change of its path is left that it hides.
_DELETE_FORMER = _delete_changes("""
    c.version < $2 and exists (
        select from file_changes later
        where later.project_id = $1 and later.path = c.path and later.version > c.version and later.version <= $2
    )
""")
_DELETE_DELETIONS = _delete_changes("c.version <= $2 and c.sha256 is null")
_MOVE = """
update file_changes set version = $2, op = 'added' where ctid = any(array(
    select c.ctid from file_changes c
    where c.project_id = $1 and (c.version < $2 or (c.version = $2 and c.op <> 'added')) limit $3
))
"""
_PORTIONS = (_DELETE_FORMER, _DELETE_DELETIONS, _MOVE)
_COUNT = """
update versions set added = file_count, updated = 0, deleted = 0
where project_id = $1 and version = $2 and (added, updated, deleted) <> (file_count, 0, 0)
"""
_DELETE_VERSIONS = """
delete from versions where ctid = any(array(
    select ctid from versions where project_id = $1 and version < $2 limit $3
))
"""
