"""Every query about live tickets."""

from datetime import datetime
from uuid import UUID

import msgspec

from auth_service.introspection.repository import Known
from auth_service.opaque_tokens import OpaqueToken
from shared.db.unit_of_work import Work
from shared.principal import Principal


async def add_ticket(work: Work, owner: Principal, ticket: OpaqueToken, expires_at: datetime) -> None:
    await work.execute(
        "insert into live_tickets (id, tenant_id, user_id, credential_id, digest, expires_at)"
        " values ($1, $2, $3, $4, $5, $6)",
        ticket.id, owner.tenant_id, owner.user_id, owner.session_id, ticket.digest, expires_at,
    )  # fmt: skip


async def use_ticket(work: Work, ticket: OpaqueToken, now: datetime) -> Known | None:
    """Of any number of parallel uses one gets an answer: the row is gone after it. System work."""
    row = await work.row(_USE, ticket.id, ticket.digest, now)
    return None if row is None else Known(msgspec.convert(row, Principal), row["expires_at"], row["revoked_at"], now)


async def delete_of(work: Work, user_id: UUID) -> None:
    await work.execute("delete from live_tickets where user_id = $1", user_id)


_USE = """
with used as (
    delete from live_tickets where id = $1 and digest = $2 and expires_at > $3
    returning tenant_id, user_id, credential_id
), credential as (
    select u.*, s.expires_at, s.revoked_at, null::text[] as scopes, true as is_person
    from used u join sessions s
        on s.id = u.credential_id and s.tenant_id = u.tenant_id and s.user_id = u.user_id
    union all
    select u.*, k.expires_at, k.revoked_at, k.scopes, false
    from used u join api_keys k
        on k.id = u.credential_id and k.tenant_id = u.tenant_id and k.user_id = u.user_id
)
select c.credential_id as session_id, c.tenant_id, c.user_id, m.role, t.tier, c.scopes,
       c.is_person and u.is_platform_admin as is_platform_admin, c.expires_at, c.revoked_at
from credential c
join users u on u.id = c.user_id and u.is_active
join memberships m on m.tenant_id = c.tenant_id and m.user_id = c.user_id and m.is_active
join tenants t on t.id = c.tenant_id and t.closed_at is null
"""
