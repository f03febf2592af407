"""Every query about session tokens."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from auth_service import limits
from auth_service.opaque_tokens import OpaqueToken
from shared.db.unit_of_work import Work
from shared.principal import Principal


class Bearer(NamedTuple):
    tenant_id: UUID
    user_id: UUID
    session_id: UUID
    """The one that asked for the token."""


async def add_token(work: Work, owner: Principal, token: OpaqueToken, expires_at: datetime, now: datetime) -> None:
    """Sweeps up after the owner's earlier ones; of many that wait the oldest are over."""
    await work.execute("delete from session_tokens where session_id = $1 and expires_at <= $2", owner.session_id, now)
    await work.execute(
        "insert into session_tokens (id, tenant_id, user_id, session_id, digest, expires_at)"
        " values ($1, $2, $3, $4, $5, $6)",
        token.id, owner.tenant_id, owner.user_id, owner.session_id, token.digest, expires_at,
    )  # fmt: skip
    await work.execute(_END_OLDEST, owner.session_id, limits.WAITING_LINKS)


async def use_token(work: Work, token: OpaqueToken, now: datetime) -> Bearer | None:
    """Of any number of parallel uses one gets an answer: the row is gone after it."""
    row = await work.row(_USE, token.id, token.digest, now)
    return None if row is None else Bearer(**row)


async def delete_of(work: Work, user_id: UUID) -> None:
    await work.execute("delete from session_tokens where user_id = $1", user_id)


async def lock_owner(work: Work, bearer: Bearer) -> bool:
    """Whether they may still sign in to the tenant; until the end of the transaction nobody changes that."""
    return await work.row(_LOCK_OWNER, bearer.tenant_id, bearer.user_id) is not None


_END_OLDEST = """
delete from session_tokens where id = any(array(
    select id from session_tokens where session_id = $1 order by expires_at desc, id desc offset $2
))
"""

_LOCK_OWNER = """
select from users u join memberships m on m.user_id = u.id join tenants t on t.id = m.tenant_id
where m.tenant_id = $1 and u.id = $2 and u.is_active and m.is_active and t.closed_at is null for share of u, m, t
"""


_USE = """
delete from session_tokens where id = $1 and digest = $2 and expires_at > $3 returning tenant_id, user_id, session_id
"""
