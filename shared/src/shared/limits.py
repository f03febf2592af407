"""Technical limits of how many there may be of a thing: the same in all tiers, kept exactly by everybody at once."""

from typing import NamedTuple

from shared.db.unit_of_work import Work
from shared.errors import LimitReached


class Limit(NamedTuple):
    """`counted` is the table and the condition that is counted; its arguments are the keys of whose things they are."""

    what: str
    most: int
    counted: str


async def require_room(work: Work, limit: Limit, *keys: object) -> None:
    """For one more. Until this transaction ends nobody else adds one there. Raises LimitReached."""
    place = " ".join([limit.what, *map(str, keys)])
    await work.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", place)
    sql = f"select count(*)::int as number from (select from {limit.counted} limit {limit.most}) found"  # noqa: S608
    [row] = await work.rows(sql, *keys)
    if row["number"] >= limit.most:
        raise LimitReached(limit.what, limit.most)
