"""Every query about when a session was proven. Second factors belong to no tenant: all are system work."""

from datetime import datetime
from typing import NamedTuple

from shared.db.unit_of_work import Work
from shared.principal import Principal


class Standing(NamedTuple):
    proven_at: datetime | None
    """None for a session that has ended, and for API keys."""
    is_enrolled: bool
    """A second factor guards the account."""


async def find_standing(work: Work, principal: Principal) -> Standing:
    row = await work.row(_STANDING, principal.session_id, principal.user_id)
    assert row is not None
    return Standing(**row)


async def mark_proven(work: Work, principal: Principal, now: datetime) -> bool:
    """False when the session has ended."""
    sql = "update sessions set stepped_up_at = $3 where id = $1 and user_id = $2 and revoked_at is null"
    return await work.execute(sql, principal.session_id, principal.user_id, now) == 1


_STANDING = """
select (select stepped_up_at from sessions where id = $1 and user_id = $2 and revoked_at is null) as proven_at,
       exists (select from mfa_enrolments where user_id = $2 and confirmed_at is not null) as is_enrolled
"""
