"""Every query on answers that are under way and on what they cost."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from conversation_service.conversations.domain import Owner
from shared.db.unit_of_work import Work


class UnderWay(NamedTuple):
    """Answers of a user and of their tenant at this moment, and the tenant's tokens of the month, reserved included."""

    of_user: int
    of_tenant: int
    tokens: int


async def lock(work: Work, owner: Owner, month: date) -> UnderWay:
    """Nobody else of the tenant begins an answer until this transaction ends."""
    allowance = await work.row(_LOCK, owner.tenant_id, month)
    leases = await work.row(_UNDER_WAY, owner.tenant_id, owner.user_id)
    assert allowance is not None
    assert leases is not None
    return UnderWay(leases["of_user"], leases["of_tenant"], allowance["used_tokens"] + leases["reserved"])


async def add(work: Work, owner: Owner, lease_id: UUID, tokens: int, lasts: timedelta) -> None:
    await work.execute(_ADD, lease_id, owner.tenant_id, owner.user_id, tokens, lasts)


async def end(work: Work, tenant_id: UUID, lease_id: UUID) -> bool:
    """Whether it was still there."""
    return await work.execute(_END, tenant_id, lease_id) == 1


async def spend(work: Work, tenant_id: UUID, month: date, tokens: int) -> None:
    await work.row(_LOCK, tenant_id, month)
    await work.execute(_SPEND, tenant_id, tokens)


async def renew(work: Work, lease_ids: Sequence[UUID], lasts: timedelta) -> set[UUID]:
    """In system work. Answers those that are still there and wanted."""
    return {row["id"] for row in await work.rows(_RENEW, list(lease_ids), lasts) if not row["is_stop_wanted"]}


async def want_all_stopped(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    """Their nodes hang up when they next renew the leases, and count what was used until then."""
    await work.execute(_WANT_STOPPED, tenant_id, user_id)


async def remove_expired(work: Work) -> int:
    """In system work. What their nodes renew no more frees its place, and costs nothing."""
    return await work.execute(_REMOVE_EXPIRED)


# A lease counts for as long as its row is there, expired or not: a node that was only slow renews it, and no two
# answers have one place. The allowance is locked first, so the second statement sees all leases that were added.
_LOCK = """
insert into answer_allowances as a (tenant_id, month) values ($1, $2)
on conflict (tenant_id) do update set
    month = greatest(a.month, excluded.month),
    used_tokens = case when a.month < excluded.month then 0 else a.used_tokens end
returning used_tokens
"""

_UNDER_WAY = """
select count(*) filter (where user_id = $2) as of_user, count(*) as of_tenant,
       coalesce(sum(reserved_tokens), 0)::bigint as reserved
from answer_leases where tenant_id = $1
"""

_ADD = """
insert into answer_leases (id, tenant_id, user_id, reserved_tokens, expires_at)
values ($1, $2, $3, $4, clock_timestamp() + $5::interval)
"""

_END = "delete from answer_leases where tenant_id = $1 and id = $2"

_SPEND = "update answer_allowances set used_tokens = used_tokens + $2 where tenant_id = $1"

_RENEW = """
update answer_leases set expires_at = clock_timestamp() + $2::interval where id = any($1::uuid[])
returning id, is_stop_wanted
"""

# What is stored as well is stopped as a run, so that its conversation keeps what was written.
_WANT_STOPPED = """
update answer_leases l set is_stop_wanted = true
where l.tenant_id = $1 and l.user_id = $2 and not exists (select from runs r where r.tenant_id = $1 and r.id = l.id)
"""

# What is locked is being renewed or ended by its own node.
_REMOVE_EXPIRED = """
delete from answer_leases where id in (
    select id from answer_leases where expires_at < clock_timestamp() for update skip locked
)
"""
