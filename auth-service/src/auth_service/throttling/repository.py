"""Every query about counted attempts. One statement takes one: parallel ones never take more than allowed."""

from datetime import datetime

from auth_service.throttling.domain import Limit
from shared.db.unit_of_work import Work


async def take(work: Work, key: str, limit: Limit, now: datetime) -> bool:
    """False when the window has no attempt left."""
    return await work.execute(_TAKE, key, limit.allowed, now, now + limit.window) == 1


async def window_end(work: Work, key: str) -> datetime | None:
    row = await work.row("select ends_at from attempt_windows where key = $1", key)
    return None if row is None else row["ends_at"]


async def end_of_full_window(work: Work, key: str, limit: Limit, now: datetime) -> datetime | None:
    """None when there is an attempt left."""
    sql = "select ends_at from attempt_windows where key = $1 and used >= $2 and ends_at > $3"
    row = await work.row(sql, key, limit.allowed, now)
    return None if row is None else row["ends_at"]


async def give_back(work: Work, key: str, now: datetime) -> None:
    await work.execute(
        "update attempt_windows set used = used - 1 where key = $1 and used > 0 and ends_at > $2", key, now
    )


_TAKE = """
insert into attempt_windows as a (key, used, ends_at) values ($1, 1, $4)
on conflict (key) do update
set used = case when a.ends_at <= $3 then 1 else a.used + 1 end,
    ends_at = case when a.ends_at <= $3 then $4 else a.ends_at end
where a.ends_at <= $3 or a.used < $2
"""
