"""Every query about closing tenants. Closed ones are seen by nobody's own work: all are system work."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from auth_service.sessions.domain import EndReason
from auth_service.tenant_closing.domain import RESTORABLE_FOR, Closure
from shared.db.unit_of_work import Work


class EndedSession(NamedTuple):
    id: UUID
    user_id: UUID
    last_seen_at: datetime


async def close(work: Work, tenant_id: UUID, now: datetime) -> bool:
    """False when it is closed already."""
    return await work.execute(_CLOSE, tenant_id, now) == 1


async def reopen(work: Work, tenant_id: UUID, now: datetime) -> bool:
    """False when it is not closed, or has been for too long."""
    return await work.execute(_REOPEN, tenant_id, now, now - RESTORABLE_FOR) == 1


async def delete_open_invitations(work: Work, tenant_id: UUID) -> None:
    """With the tenant's seats locked: of those that are accepted in this moment none is missed."""
    await work.execute("delete from invitations where tenant_id = $1 and accepted_at is null", tenant_id)


async def end_sessions(work: Work, tenant_id: UUID, now: datetime) -> list[EndedSession]:
    rows = await work.rows(_END_SESSIONS, tenant_id, EndReason.TENANT_CLOSED.value, now)
    return [EndedSession(**row) for row in rows]


async def find_closure(work: Work, user_id: UUID, tenant_id: UUID | None) -> Closure | None:
    """Of the given tenant, else of the one closed last, owned ones first; None where they are in no closed one."""
    row = await work.row(_FIND_CLOSURE, user_id, tenant_id)
    return None if row is None else msgspec.convert(row, Closure)


async def lock_closure(work: Work, user_id: UUID, tenant_id: UUID) -> Closure | None:
    """As `find_closure`, of the given tenant; until the end of the transaction the membership stays what it is."""
    row = await work.row(f"{_FIND_CLOSURE} for share of m", user_id, tenant_id)
    return None if row is None else msgspec.convert(row, Closure)


async def lock_due(work: Work, now: datetime, limit: int) -> list[UUID]:
    """Tenants whose time is over. Those that another replica works on are left to it."""
    return [row["id"] for row in await work.rows(_LOCK_DUE, now - RESTORABLE_FOR, limit)]


async def list_deserted(work: Work, tenant_ids: list[UUID]) -> list[UUID]:
    """Those of them that nobody belongs to any more."""
    return [row["id"] for row in await work.rows(_DESERTED, tenant_ids)]


async def lock_password_age(work: Work, user_id: UUID) -> datetime | None:
    """When the password of an open account was changed; until the end of the transaction it is not."""
    row = await work.row("select password_changed_at from users where id = $1 and is_active for share", user_id)
    return None if row is None else row["password_changed_at"]


def was_seen_within(ended: EndedSession, life: timedelta, now: datetime) -> bool:
    return ended.last_seen_at > now - life


_CLOSE = """
update tenants set closed_at = $2, version = version + 1, updated_at = $2 where id = $1 and closed_at is null
"""

_REOPEN = """
update tenants t set closed_at = null, version = version + 1, updated_at = $2
where id = $1 and closed_at > $3 and not exists (select from tenant_closures c where c.tenant_id = t.id)
"""

# Locked in one order, as everywhere.
_END_SESSIONS = """
update sessions set revoked_at = $3, revoked_reason = $2
where id in (
    select id from sessions where tenant_id = $1 and revoked_at is null and expires_at > $3
    order by id for no key update
)
returning id, user_id, last_seen_at
"""

_FIND_CLOSURE = """
select t.id as tenant_id, t.closed_at, m.role = 'owner' as is_owner
from memberships m join tenants t on t.id = m.tenant_id and t.closed_at is not null
where m.user_id = $1 and m.is_active and ($2::uuid is null or m.tenant_id = $2)
  and not exists (select from tenant_closures c where c.tenant_id = t.id)
order by is_owner desc, t.closed_at desc limit 1
"""

_LOCK_DUE = """
select id from tenants t where closed_at <= $1 and not exists (select from tenant_closures c where c.tenant_id = t.id)
order by closed_at limit $2 for update skip locked
"""

_DESERTED = """
select id from tenants t where id = any($1::uuid[]) and not exists (select from memberships m where m.tenant_id = t.id)
  and not exists (select from tenant_closures c where c.tenant_id = t.id)
order by id for update
"""
