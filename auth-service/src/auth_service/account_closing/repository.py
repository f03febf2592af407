"""Every query about closing accounts. A user is in several tenants: all are system work."""

from datetime import datetime
from uuid import UUID

from auth_service.account_closing.domain import (
    FIRST_NAME,
    KEPT_FOR,
    LAST_NAME,
    FormerMember,
    Ownership,
    anonymous_email,
)
from auth_service.mail.recipient_keys import KeyRange
from shared.db.unit_of_work import Work
from shared.jobs.schema import UNFINISHED


async def deactivate(work: Work, user_id: UUID, now: datetime) -> bool:
    """False when the account was closed meanwhile."""
    return await work.execute(_DEACTIVATE, user_id, now) == 1


async def deactivate_memberships(work: Work, user_id: UUID, now: datetime) -> None:
    """So that nobody who leaves later takes a closed account for the owner who remains."""
    await work.execute(_DEACTIVATE_MEMBERSHIPS, user_id, now)


async def lock_ownerships(work: Work, user_id: UUID) -> list[Ownership]:
    """Of tenants that are not closed: until the end of the transaction nobody else stops owning one of them."""
    await work.execute(_LOCK_OWNERS, user_id)
    # A statement of its own: its snapshot is younger than the locks and sees who left before.
    return [Ownership(**row) for row in await work.rows(_OWNERSHIPS, user_id)]


async def list_owned(work: Work, user_id: UUID) -> list[UUID]:
    sql = "select tenant_id from memberships where user_id = $1 and role = 'owner' order by tenant_id"
    return [row["tenant_id"] for row in await work.rows(sql, user_id)]


async def list_tenants(work: Work, user_id: UUID) -> list[UUID]:
    rows = await work.rows("select tenant_id from memberships where user_id = $1 order by tenant_id", user_id)
    return [row["tenant_id"] for row in rows]


async def list_former_tenants(work: Work, user_id: UUID) -> list[UUID]:
    """Those that the user has left."""
    rows = await work.rows("select tenant_id from former_memberships where user_id = $1 order by tenant_id", user_id)
    return [row["tenant_id"] for row in rows]


async def take_untold(work: Work, at_most: int) -> list[FormerMember]:
    """Of accounts that were erased before their former tenants were told of it; each is taken once."""
    return [FormerMember(**row) for row in await work.rows(_TAKE_UNTOLD, at_most)]


async def lock_due(work: Work, now: datetime, at_most: int) -> list[UUID]:
    """Accounts whose time is over. Those that another replica works on are left to it."""
    rows = await work.rows(_LOCK_DUE, now - KEPT_FOR, at_most)
    return [row["id"] for row in rows]


async def find_address(work: Work, user_id: UUID) -> str:
    """The identity of an account's address."""
    [row] = await work.rows("select email_identity from users where id = $1", user_id)
    address: str = row["email_identity"]
    return address


async def delete_jobs(work: Work, kind: str, keys: KeyRange) -> None:
    """In any state."""
    for statement in DELETE_JOBS:
        await work.execute(statement, kind, *keys)


async def anonymise(work: Work, user_id: UUID, nobodys_hash: str, now: datetime) -> None:
    await work.execute(_FORGET_INVITATIONS, user_id)
    email = anonymous_email(user_id)
    await work.execute(_ANONYMISE, user_id, email, nobodys_hash, FIRST_NAME, LAST_NAME, now)
    for table in _OF_USER:
        await work.execute(f"delete from {table} where user_id = $1", user_id)  # noqa: S608 - names of ours


_OF_USER = (
    "sessions",
    "api_keys",
    "mail_tokens",
    "mfa_challenges",
    "mfa_enrolments",
    "data_exports",
    "memberships",
    "former_memberships",
)
"""Where nothing of the user is left; other tables go with these."""

DELETE_JOBS = tuple(
    f"delete from jobs where kind = $1 and unique_key between $2 and $3 and {condition}"  # noqa: S608 - constants
    for condition in (UNFINISHED, "ended_at is not null")
)
"""Each state has an index over its keys."""

_FORGET_INVITATIONS = """
delete from invitations
where email_identity in (select email_identity from users where id = $1) or accepted_by = $1
"""

_DEACTIVATE = """
update users set is_active = false, closed_at = $2, version = version + 1, updated_at = $2
where id = $1 and is_active
"""

_DEACTIVATE_MEMBERSHIPS = """
update memberships set is_active = false, version = version + 1, updated_at = $2 where user_id = $1 and is_active
"""

_LOCK_OWNERS = """
select from memberships
where role = 'owner' and tenant_id in (select tenant_id from memberships where user_id = $1 and role = 'owner')
order by tenant_id, user_id for update
"""

_OWNERSHIPS = """
select own.tenant_id,
       count(u.id) filter (where m.role = 'owner') as other_owners,
       count(u.id) as other_members
from memberships own
join tenants t on t.id = own.tenant_id and t.closed_at is null
left join memberships m on m.tenant_id = own.tenant_id and m.user_id <> own.user_id and m.is_active
left join users u on u.id = m.user_id and u.is_active
where own.user_id = $1 and own.role = 'owner'
group by own.tenant_id order by own.tenant_id
"""

_LOCK_DUE = """
select id from users where closed_at <= $1 and not is_active and anonymised_at is null
order by closed_at limit $2 for update skip locked
"""

_TAKE_UNTOLD = """
delete from former_memberships where (tenant_id, user_id) in (
    select tenant_id, user_id from former_memberships where is_account_erased
    order by tenant_id, user_id limit $1 for update skip locked
) returning tenant_id, user_id
"""

_ANONYMISE = """
update users
set email = $2, email_identity = $2, password_hash = $3, first_name = $4, last_name = $5, display_name = null,
    avatar_url = null, preferences = '{}', email_verified = false, is_platform_admin = false, last_login_at = null,
    anonymised_at = $6, version = version + 1, updated_at = $6
where id = $1
"""
