"""Every query about users. What a tenant's own work may touch is granted column by column: never a password hash."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from auth_service.accounts.errors import EmailTaken, UserNotFound
from auth_service.accounts.schemas import UserView
from auth_service.tenants.errors import TenantNotFound
from shared.db.failures import UniqueViolation
from shared.db.unit_of_work import Work
from shared.email_address import email_identity

MEMBERS = """
select u.id, m.tenant_id, u.email, u.first_name, u.last_name, u.first_name || ' ' || u.last_name as full_name,
       u.display_name, u.avatar_url, m.role, u.is_active and m.is_active as is_active, u.email_verified,
       u.is_platform_admin, t.tier,
       null as subscription_status, null as subscription_id, null as renews_at, null as ends_at,
       u.last_login_at, u.preferences, u.version + m.version - 1 as version, u.created_at,
       greatest(u.updated_at, m.updated_at) as updated_at
from users u join memberships m on m.user_id = u.id join tenants t on t.id = m.tenant_id
"""
_IN_GIVEN_OR_FIRST_TENANT = """
where u.id = $1 and u.is_active and m.is_active and t.closed_at is null and ($2::uuid is null or m.tenant_id = $2)
order by m.created_at, m.tenant_id limit 1 for share of u, m, t
"""
_PROFILE_COLUMNS = frozenset({"first_name", "last_name", "display_name", "avatar_url", "preferences"})


class NewUser(NamedTuple):
    id: UUID
    email: str
    password_hash: str
    first_name: str
    last_name: str


class Credentials(NamedTuple):
    user_id: UUID
    password_hash: str
    password_changed_at: datetime
    is_active: bool
    tenant_id: UUID | None = None
    """Where a sign-in would lead: the tenant asked for, or the one they have belonged to for longest."""


class Address(NamedTuple):
    """Of an account. `proven_at` is None where it was proven before the moment was kept, too."""

    identity: str
    is_proven: bool
    proven_at: datetime | None


class Addressee(NamedTuple):
    user_id: UUID
    email: str
    first_name: str


async def add_user(work: Work, user: NewUser, now: datetime, *, has_signed_in: bool = True) -> None:
    """Raises EmailTaken, which ends the transaction."""
    last_login_at = now if has_signed_in else None
    try:
        await work.execute(_ADD_USER, *user, email_identity(user.email), now, last_login_at)
    except UniqueViolation as violation:
        raise EmailTaken from violation


async def find_credentials(work: Work, email: str, tenant_id: UUID | None) -> Credentials | None:
    """One query whether or not there is such an account, so that its time tells nothing."""
    row = await work.row(_CREDENTIALS, email_identity(email), tenant_id)
    return None if row is None else Credentials(**row)


async def find_home(work: Work, user_id: UUID, tenant_id: UUID | None = None) -> UUID | None:
    """Where a sign-in of theirs would lead."""
    sql = f"select ({_HOME}) as tenant_id from users u where u.id = $1"  # noqa: S608 - made of constants
    row = await work.row(sql, user_id, tenant_id)
    return None if row is None else row["tenant_id"]


async def find_addressee(work: Work, identity: str) -> Addressee | None:
    """Whom to write to; None for an account that is disabled."""
    row = await work.row(f"{_ADDRESSEE} and email_identity = $1", identity)
    return None if row is None else Addressee(**row)


async def find_addressee_of(work: Work, user_id: UUID) -> Addressee | None:
    """The same for a user who is known by id."""
    row = await work.row(f"{_ADDRESSEE} and id = $1", user_id)
    return None if row is None else Addressee(**row)


async def find_credentials_of(work: Work, user_id: UUID) -> Credentials | None:
    row = await work.row(_CREDENTIALS_OF, user_id)
    return None if row is None else Credentials(**row)


async def mark_signed_in(work: Work, user_id: UUID, password_changed_at: datetime, now: datetime) -> bool:
    """False when the account was disabled, or its password changed, since that moment was read."""
    return await work.execute(_SIGNED_IN, user_id, password_changed_at, now) == 1


async def renew_hash(work: Work, known: Credentials, new_hash: str) -> None:
    """The same password under other parameters; nothing happens when it has changed meanwhile."""
    await work.execute(_RENEW_HASH, known.user_id, known.password_changed_at, new_hash)


async def find_user(work: Work, tenant_id: UUID, user_id: UUID) -> UserView:
    """Raises UserNotFound for whoever is not a member of the tenant."""
    return _view(await work.row(f"{MEMBERS} where u.id = $1 and m.tenant_id = $2", user_id, tenant_id))


async def find_member_by_email(work: Work, tenant_id: UUID, email: str) -> UUID | None:
    row = await work.row(_MEMBER_BY_EMAIL, tenant_id, email_identity(email))
    return None if row is None else row["id"]


async def lock_user(work: Work, tenant_id: UUID, user_id: UUID) -> UserView:
    """The same, and nobody changes the user until the end of the transaction."""
    sql = f"{MEMBERS} where u.id = $1 and m.tenant_id = $2 for no key update of u"
    return _view(await work.row(sql, user_id, tenant_id))


async def lock_account(work: Work, user_id: UUID) -> bool:
    """Whether it is open; until the end of the transaction nobody changes it. For system work.

    One order for all who lock more than one thing of a person: the user, memberships, sessions, whatever else.
    """
    return await work.row("select from users where id = $1 and is_active for no key update", user_id) is not None


async def lock_address(work: Work, user_id: UUID) -> Address | None:
    """As `lock_account`: None for an account that is closed. For system work."""
    row = await work.row(f"{_ADDRESS} where id = $1 and is_active for no key update", user_id)
    return None if row is None else Address(**row)


async def find_address(work: Work, email: str) -> Address | None:
    """Of whoever has this address. For system work."""
    row = await work.row(f"{_ADDRESS} where email_identity = $1", email_identity(email))
    return None if row is None else Address(**row)


async def was_proven_at(work: Work, user_id: UUID, moment: datetime) -> bool:
    """Whether the address was proven by then."""
    return await work.row(_WAS_PROVEN_AT, user_id, moment) is not None


async def find_user_for_sign_in(work: Work, tenant_id: UUID | None, user_id: UUID) -> UserView:
    """In the given tenant, else in the one they have belonged to for longest. Raises TenantNotFound.

    Until the end of the transaction nobody changes user or membership or closes the tenant: no session is opened with a
    former role, and whoever ends all sessions after a change of these rows ends this one too.
    """
    row = await work.row(f"{MEMBERS} {_IN_GIVEN_OR_FIRST_TENANT}", user_id, tenant_id)
    if row is None:
        raise TenantNotFound
    return _view(row)


async def find_user_everywhere(work: Work, user_id: UUID) -> list[UserView]:
    """In each of their tenants: for system work."""
    return [_view(row) for row in await work.rows(f"{MEMBERS} where u.id = $1 order by m.tenant_id", user_id)]


async def is_paused(work: Work, user_id: UUID, tenant_id: UUID | None) -> bool:
    """Whether they are a member of the given tenant, or of any, who may not enter. For system work.

    A tenant that is deleted has no members, though their rows are erased later.
    """
    return await work.row(_PAUSED, user_id, tenant_id) is not None


async def belongs_elsewhere(work: Work, tenant_id: UUID, user_id: UUID) -> bool:
    """For system work."""
    sql = "select 1 from memberships where user_id = $1 and tenant_id <> $2"
    return await work.row(sql, user_id, tenant_id) is not None


async def mark_verified(work: Work, user_id: UUID, now: datetime) -> bool:
    """False when the address was verified before."""
    return await work.execute(_MARK_VERIFIED, user_id, now) == 1


async def set_password(work: Work, user_id: UUID, password_hash: str, now: datetime) -> None:
    """Whoever checked the former password meanwhile signs in no more."""
    await work.execute(_SET_PASSWORD, user_id, password_hash, now)


async def replace_password(work: Work, known: Credentials, password_hash: str, now: datetime) -> bool:
    """False when the account was disabled, or its password changed, since `known` was read."""
    return await work.execute(_REPLACE_PASSWORD, known.user_id, password_hash, now, known.password_changed_at) == 1


async def update_profile(
    work: Work, tenant_id: UUID, user_id: UUID, changes: dict[str, Any], now: datetime
) -> UserView:
    """`changes` names columns of the profile and no others."""
    if unknown := changes.keys() - _PROFILE_COLUMNS:
        raise ValueError(f"not of the profile: {', '.join(sorted(unknown))}")
    assignments = "".join(f"{name} = ${number}, " for number, name in enumerate(changes, start=3))
    values = [_stored(name, value) for name, value in changes.items()]
    sql = f"update users set {assignments} version = version + 1, updated_at = $2 where id = $1"  # noqa: S608 - known names
    await work.execute(sql, user_id, now, *values)
    return await find_user(work, tenant_id, user_id)


def _stored(name: str, value: Any) -> Any:
    return msgspec.json.encode(value).decode() if name == "preferences" else value


def _view(row: dict[str, Any] | None) -> UserView:
    if row is None:
        raise UserNotFound
    return msgspec.convert(row, UserView)


_ADD_USER = """
insert into users (id, email, email_identity, password_hash, password_changed_at, first_name, last_name,
                   last_login_at, created_at, updated_at)
values ($1, $2, $6, $3, $7, $4, $5, $8, $7, $7)
"""

_HOME = """
select m.tenant_id from memberships m where m.user_id = u.id and ($2::uuid is null or m.tenant_id = $2)
order by m.created_at, m.tenant_id limit 1
"""

_CREDENTIALS = f"""
select u.id as user_id, u.password_hash, u.password_changed_at, u.is_active, ({_HOME}) as tenant_id
from users u where u.email_identity = $1
"""  # noqa: S608 - made of constants

_PAUSED = """
select from memberships m where m.user_id = $1 and ($2::uuid is null or m.tenant_id = $2)
  and not exists (select from tenant_closures c where c.tenant_id = m.tenant_id) limit 1
"""

_ADDRESSEE = "select id as user_id, email, first_name from users where is_active"

_CREDENTIALS_OF = """
select id as user_id, password_hash, password_changed_at, is_active from users where id = $1
"""

_MEMBER_BY_EMAIL = """
select u.id from users u join memberships m on m.user_id = u.id where m.tenant_id = $1 and u.email_identity = $2
"""

_ADDRESS = "select email_identity as identity, email_verified as is_proven, email_verified_at as proven_at from users"

_WAS_PROVEN_AT = """
select from users where id = $1 and email_verified and (email_verified_at is null or email_verified_at <= $2)
"""

_MARK_VERIFIED = """
update users set email_verified = true, email_verified_at = $2, version = version + 1, updated_at = $2
where id = $1 and not email_verified
"""

# Later than before even when two changes share a moment: the time tells passwords apart.
_SET_PASSWORD = """
update users set password_hash = $2, password_changed_at = greatest($3, password_changed_at + interval '1 microsecond')
where id = $1 and is_active
"""  # noqa: S105 - a statement
_REPLACE_PASSWORD = f"{_SET_PASSWORD} and password_changed_at = $4"

_SIGNED_IN = """
update users set last_login_at = $3 where id = $1 and is_active and password_changed_at = $2
"""

_RENEW_HASH = """
update users set password_hash = $3 where id = $1 and password_changed_at = $2
"""
