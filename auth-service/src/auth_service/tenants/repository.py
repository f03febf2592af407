"""Every query about tenants and memberships. Making a tenant is system work; reading is the tenant's own."""

import secrets
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from auth_service import limits
from auth_service.pages import last_id, page_by_id
from auth_service.tenants.domain import RESTORABLE_DAYS, slug_of
from auth_service.tenants.errors import SlugTaken, TenantNotFound
from auth_service.tenants.schemas import Lifecycle, OwnTenantView, TenantQuery, TenantView
from shared.db.failures import UniqueViolation
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.pagination import PageOf
from shared.principal import Role, Tier

SLUG_SUFFIX_BYTES = 4  # 32 bits: a second collision for one name is not worth a loop


class Standing(NamedTuple):
    """What somebody is in a tenant."""

    role: Role
    is_active: bool


Roster = dict[UUID, Standing]


async def add_tenant(work: Work, tenant_id: UUID, name: str, now: datetime, slug: str | None = None) -> TenantView:
    """With the given slug, or SlugTaken; else the plain slug of its name, with a random ending if that is taken."""
    for candidate in (slug,) if slug else _slugs_for(name):
        row = await work.row(_ADD_TENANT, tenant_id, name, candidate, now)
        if row is not None:
            return _view(row)
    raise SlugTaken


def _slugs_for(name: str) -> tuple[str, str]:
    slug = slug_of(name)
    return slug, f"{slug}-{secrets.token_hex(SLUG_SUFFIX_BYTES)}"


async def get_tenant(work: Work, tenant_id: UUID) -> TenantView:
    """Raises TenantNotFound."""
    return _view(await work.row(_GET_TENANT, tenant_id))


async def lock_tenant(work: Work, tenant_id: UUID) -> TenantView:
    """The same, and nobody changes it until the end of the transaction."""
    return _view(await work.row(f"{_GET_TENANT} for no key update", tenant_id))


async def rename_tenant(work: Work, tenant_id: UUID, name: str, slug: str, now: datetime) -> TenantView:
    """Raises SlugTaken, which ends the transaction."""
    try:
        return _view(await work.row(_RENAME_TENANT, tenant_id, name, slug, now))
    except UniqueViolation as violation:
        raise SlugTaken from violation


async def find_tenants_of(work: Work, user_id: UUID, query: TenantQuery) -> PageOf[OwnTenantView]:
    """Those the user is an active member of, the oldest first; of closed ones those that they own. For system work."""
    are_closed = query.state is Lifecycle.CLOSED
    rows = await work.rows(_TENANTS_OF, user_id, are_closed, last_id(query), query.size + 1, query.offset)
    total = (await work.rows(_COUNT_TENANTS_OF, user_id, are_closed))[0]["number"] if query.include_total else None
    return page_by_id(query, msgspec.convert(rows, list[OwnTenantView]), total)


def _view(row: dict[str, Any] | None) -> TenantView:
    if row is None:
        raise TenantNotFound
    return msgspec.convert(row, TenantView)


async def add_membership(work: Work, tenant_id: UUID, user_id: UUID, role: Role, now: datetime) -> bool:
    """False when they are a member already, as whatever they are. In system work. Raises LimitReached."""
    is_new = await work.execute(_ADD_MEMBERSHIP, tenant_id, user_id, role.value, now) == 1
    if is_new:
        await work.execute("delete from former_memberships where tenant_id = $1 and user_id = $2", tenant_id, user_id)
        await require_within(work, limits.MEMBERSHIPS_OF_USER, _COUNT_MEMBERSHIPS, user_id)
    return is_new


async def is_open(work: Work, tenant_id: UUID) -> bool:
    return await work.row("select from tenants where id = $1 and closed_at is null", tenant_id) is not None


async def is_member(work: Work, tenant_id: UUID, user_id: UUID) -> bool:
    """An active one, of a tenant that is open."""
    return await work.row(_IS_MEMBER, tenant_id, user_id) is not None


async def joined_at(work: Work, tenant_id: UUID, user_id: UUID) -> datetime | None:
    sql = "select created_at from memberships where tenant_id = $1 and user_id = $2"
    row = await work.row(sql, tenant_id, user_id)
    return None if row is None else row["created_at"]


async def lock_members(work: Work, tenant_id: UUID, *user_ids: UUID) -> Roster:
    """These members and all owners; until the end of the transaction nobody changes what they are.

    Always locked in one order, so that two who do this wait for each other and neither for ever.
    """
    rows = await work.rows(_LOCK_MEMBERS, tenant_id, user_ids)
    return {row["user_id"]: Standing(Role(row["role"]), row["is_active"]) for row in rows}


async def change_membership(work: Work, tenant_id: UUID, user_id: UUID, standing: Standing, now: datetime) -> None:
    await work.execute(_CHANGE_MEMBERSHIP, tenant_id, user_id, standing.role.value, standing.is_active, now)


async def count_owned(work: Work, user_id: UUID) -> dict[Tier, int]:
    """How many tenants of each tier the user owns, closed ones and where their membership is paused too, but none that
    is deleted. For system work.
    """
    return {Tier(row["tier"]): row["number"] for row in await work.rows(_COUNT_OWNED, user_id)}


async def remove_membership(work: Work, tenant_id: UUID, user_id: UUID, now: datetime) -> None:
    """That somebody was a member is remembered until their account is erased."""
    await work.execute(_REMOVE_MEMBERSHIP, tenant_id, user_id, now)


_ADD_MEMBERSHIP = """
insert into memberships (tenant_id, user_id, role, created_at, updated_at) values ($1, $2, $3, $4, $4)
on conflict do nothing
"""

_IS_MEMBER = """
select from memberships m join tenants t on t.id = m.tenant_id and t.closed_at is null
where m.tenant_id = $1 and m.user_id = $2 and m.is_active
"""

_REMOVE_MEMBERSHIP = """
with removed as (delete from memberships where tenant_id = $1 and user_id = $2 returning tenant_id, user_id)
insert into former_memberships (tenant_id, user_id, left_at) select tenant_id, user_id, $3 from removed
on conflict (tenant_id, user_id) do update set left_at = excluded.left_at
"""

_LOCK_MEMBERS = """
select user_id, role, is_active from memberships
where tenant_id = $1 and (user_id = any($2::uuid[]) or role = 'owner') order by user_id for update
"""

_CHANGE_MEMBERSHIP = """
update memberships set role = $3, is_active = $4, version = version + 1, updated_at = $5
where tenant_id = $1 and user_id = $2
"""

_COUNT_MEMBERSHIPS = "select count(*) from memberships where user_id = $1"

_COUNT_OWNED = """
select t.tier, count(*) as number from memberships m join tenants t on t.id = m.tenant_id
where m.user_id = $1 and m.role = 'owner' and not exists (select from tenant_closures c where c.tenant_id = t.id)
group by t.tier
"""

_ADD_TENANT = """
insert into tenants (id, name, slug, created_at, updated_at) values ($1, $2, $3, $4, $4)
on conflict (slug) do nothing
returning id, name, slug, tier, version, created_at, updated_at
"""

_GET_TENANT = "select id, name, slug, tier, version, created_at, updated_at from tenants where id = $1"

_RENAME_TENANT = """
update tenants set name = $2, slug = $3, version = version + 1, updated_at = $4 where id = $1
returning id, name, slug, tier, version, created_at, updated_at
"""

# One that is being erased is gone for everybody.
_OF_USER = """
from tenants t join memberships m on m.tenant_id = t.id
where m.user_id = $1 and m.is_active and (t.closed_at is not null) = $2 and ($2 is false or m.role = 'owner')
  and not exists (select from tenant_closures c where c.tenant_id = t.id)
"""

_TENANTS_OF = f"""
select t.id, t.name, t.slug, t.tier, t.version, t.created_at, t.updated_at, m.role,
       case when t.closed_at is null then 'active' else 'closed' end as state,
       t.closed_at + interval '{RESTORABLE_DAYS} days' as restorable_until {_OF_USER}
  and ($3::uuid is null or t.id > $3) order by t.id limit $4 offset $5
"""

_COUNT_TENANTS_OF = f"select count(*) as number {_OF_USER}"
