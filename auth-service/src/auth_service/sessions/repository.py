"""Every query about sessions. Exchanging a refresh token is system work: a token says nothing about tenants."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from auth_service.opaque_tokens import OpaqueToken
from auth_service.sessions.cookies import CookieState
from auth_service.sessions.domain import EndReason, Family
from auth_service.sessions.refresh_tokens import RefreshToken
from shared.caller import Caller
from shared.db.unit_of_work import Work
from shared.events.questions import EndedSession
from shared.principal import Principal

REMEMBERED_SESSIONS = 100  # a device that signed in before so many others is new again


class Access(NamedTuple):
    """What a live session entitles to."""

    principal: Principal
    refresh_expires_at: datetime


class LiveSession(NamedTuple):
    proven_at: datetime | None
    """What a session that is opened from it begins with."""


class KnownFamily(NamedTuple):
    family: Family
    access: Access


async def add_session(
    work: Work,
    principal: Principal,
    token: RefreshToken,
    caller: Caller,
    now: datetime,
    expires_at: datetime,
    proven_at: datetime | None,
) -> None:
    await work.execute(
        _ADD_SESSION,
        principal.session_id, principal.tenant_id, principal.user_id, token.digest, expires_at,
        caller.user_agent, caller.address, now, proven_at,
    )  # fmt: skip


async def last_places(work: Work, user_id: UUID) -> list[Caller]:
    """From where somebody has signed in of late, into any tenant.

    Without the sessions that the first proof of the address has ended: they may have been somebody else's.
    """
    rows = await work.rows(_LAST_PLACES, user_id, REMEMBERED_SESSIONS)
    return [Caller(**row) for row in rows]


async def exchange(
    work: Work, token: RefreshToken, successor: RefreshToken, now: datetime, expires_at: datetime
) -> Access | None:
    """Replaces the family's current token if `token` is it: of any number of parallel uses one gets Access."""
    row = await work.row(_EXCHANGE, token.session_id, token.digest, successor.digest, now, expires_at)
    return None if row is None else _access(row)


async def set_cookie(work: Work, cookie: OpaqueToken, now: datetime) -> None:
    """Gives its session a cookie; the one that it had before is the previous one."""
    await work.execute(_SET_COOKIE, cookie.id, cookie.digest, now)


async def lock_family_of_cookie(work: Work, session_id: UUID) -> tuple[KnownFamily, CookieState] | None:
    """As `find_family`, and nobody else exchanges a token or a cookie of it until the end of the transaction."""
    row = await work.row(f"{_FIND_FAMILY} for update of s", session_id)
    if row is None:
        return None
    return _known_family(row), CookieState(**{name: row[name] for name in CookieState._fields})


async def replace_token(
    work: Work, family: Family, successor: RefreshToken, now: datetime, expires_at: datetime
) -> Access | None:
    """As `exchange`, for whoever proved their right to the family by something else than its current token."""
    row = await work.row(_EXCHANGE, successor.session_id, family.current_digest, successor.digest, now, expires_at)
    return None if row is None else _access(row)


async def find_family(work: Work, session_id: UUID) -> KnownFamily | None:
    """None when there is no such session, or its user may not sign in to its tenant any more."""
    row = await work.row(_FIND_FAMILY, session_id)
    return None if row is None else _known_family(row)


async def lock_live(work: Work, session_id: UUID) -> LiveSession | None:
    """None when it has ended; else it does not until the end of the transaction."""
    sql = "select stepped_up_at as proven_at from sessions where id = $1 and revoked_at is null for share"
    row = await work.row(sql, session_id)
    return None if row is None else LiveSession(**row)


async def end_sessions(
    work: Work,
    user_id: UUID,
    tenant_id: UUID | None,
    only: UUID | None,
    but: UUID | None,
    reason: EndReason,
    now: datetime,
) -> list[tuple[UUID, UUID]]:
    """Those of a user that had not ended before: their ids and tenants. None does not narrow the selection."""
    rows = await work.rows(_END_SESSIONS, user_id, tenant_id, only, but, reason.value, now)
    return [(row["id"], row["tenant_id"]) for row in rows]


async def end_oldest(work: Work, user_id: UUID, kept: int, reason: EndReason, now: datetime) -> list[tuple[UUID, UUID]]:
    """All live sessions of a user but the `kept` that were opened last, and those that are in use at this moment.

    Ids and tenants of those that ended.
    """
    rows = await work.rows(_END_OLDEST, user_id, kept, reason.value, now)
    return [(row["id"], row["tenant_id"]) for row in rows]


async def forget_ended(work: Work, user_id: UUID, kept: int, before: datetime) -> None:
    """Those of a user that were over `before`, but for the `kept` that were opened last."""
    await work.execute(_FORGET_ENDED, user_id, kept, before)


async def list_ended(work: Work, since: datetime) -> list[EndedSession]:
    """API keys too: to the parts that check credentials, a key is a session of its own."""
    return msgspec.convert(await work.rows(_LIST_ENDED, since), list[EndedSession])


def _known_family(row: dict[str, Any]) -> KnownFamily:
    return KnownFamily(Family(**{name: row[name] for name in Family._fields}), _access(row))


def _access(row: dict[str, Any]) -> Access:
    principal = msgspec.convert({name: row[name] for name in _PRINCIPAL_COLUMNS}, Principal)
    return Access(principal, row["expires_at"])


_PRINCIPAL_COLUMNS = ("session_id", "tenant_id", "user_id", "role", "tier", "is_platform_admin")

_ADD_SESSION = """
insert into sessions (id, tenant_id, user_id, current_digest, expires_at, user_agent, address, created_at, last_seen_at,
                      stepped_up_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)
"""

_SET_COOKIE = """
update sessions set previous_cookie_digest = cookie_digest, cookie_digest = $2, cookie_set_at = $3 where id = $1
"""

_LAST_PLACES = """
select s.address, s.user_agent from sessions s join users u on u.id = s.user_id
where s.user_id = $1 and (s.revoked_at is null or s.created_at >= coalesce(u.email_verified_at, '-infinity'))
order by s.created_at desc limit $2
"""

_EXCHANGE = """
update sessions s
set previous_digest = s.current_digest, current_digest = $3, rotated_at = $4, last_seen_at = $4, expires_at = $5
from users u, memberships m, tenants t
where s.id = $1 and s.current_digest = $2 and s.revoked_at is null and s.expires_at > $4
  and u.id = s.user_id and u.is_active
  and m.tenant_id = s.tenant_id and m.user_id = s.user_id and m.is_active
  and t.id = s.tenant_id and t.closed_at is null
returning s.id as session_id, s.tenant_id, s.user_id, s.expires_at, m.role, t.tier, u.is_platform_admin
"""

_FIND_FAMILY = """
select s.id as session_id, s.tenant_id, s.user_id, m.role, t.tier, u.is_platform_admin,
       s.current_digest, s.previous_digest, s.rotated_at, s.expires_at, s.revoked_at, s.revoked_reason,
       s.cookie_digest, s.previous_cookie_digest, coalesce(s.cookie_set_at, s.rotated_at, s.created_at) as cookie_set_at
from sessions s
join users u on u.id = s.user_id and u.is_active
join memberships m on m.tenant_id = s.tenant_id and m.user_id = s.user_id and m.is_active
join tenants t on t.id = s.tenant_id and t.closed_at is null
where s.id = $1
"""

# Locked in one order: two who end many at once wait for each other, and neither for ever.
_END_SESSIONS = """
update sessions set revoked_at = $6, revoked_reason = $5
where id in (
    select id from sessions
    where user_id = $1 and ($2::uuid is null or tenant_id = $2) and ($3::uuid is null or id = $3)
      and ($4::uuid is null or id <> $4) and revoked_at is null
    order by id for no key update
)
returning id, tenant_id
"""

_END_OLDEST = """
update sessions set revoked_at = $4, revoked_reason = $3
where id in (
    select id from sessions where id = any(array(
        select id from sessions where user_id = $1 and revoked_at is null and expires_at > $4
        order by created_at desc, id desc offset $2
    )) and revoked_at is null
    order by id for no key update skip locked
)
returning id, tenant_id
"""

_FORGET_ENDED = """
delete from sessions where id in (
    select id from sessions where id = any(array(
        select id from sessions where user_id = $1 and least(revoked_at, expires_at) < $3
        order by created_at desc, id desc offset $2
    ))
    for update skip locked
)
"""

_LIST_ENDED = """
select id as session_id, user_id, floor(extract(epoch from revoked_at))::bigint as revoked_at
from sessions where revoked_at >= $1
union all
select id, user_id, floor(extract(epoch from revoked_at))::bigint from api_keys where revoked_at >= $1
order by revoked_at
"""
