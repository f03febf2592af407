"""Every query about tenants and memberships. Making a tenant is system work; reading is the tenant's own."""

import secrets
from datetime import datetime
from uuid import UUID

import msgspec

from auth_service.tenants.domain import slug_of
from auth_service.tenants.schemas import TenantView
from shared.db.unit_of_work import Work
from shared.principal import Role

SLUG_SUFFIX_BYTES = 4  # 32 bits: a second collision for one name is not worth a loop


async def add_tenant(work: Work, tenant_id: UUID, name: str, now: datetime) -> TenantView:
    """With the plain slug of its name when that is free, else with a random ending."""
    slug = slug_of(name)
    for candidate in (slug, f"{slug}-{secrets.token_hex(SLUG_SUFFIX_BYTES)}"):
        row = await work.row(_ADD_TENANT, tenant_id, name, candidate, now)
        if row is not None:
            return msgspec.convert(row, TenantView)
    raise RuntimeError("two random slugs collided")


async def add_membership(work: Work, tenant_id: UUID, user_id: UUID, role: Role, now: datetime) -> None:
    await work.execute(
        "insert into memberships (tenant_id, user_id, role, created_at, updated_at) values ($1, $2, $3, $4, $4)",
        tenant_id, user_id, role.value, now,
    )  # fmt: skip


async def is_member(work: Work, tenant_id: UUID, user_id: UUID) -> bool:
    sql = "select 1 from memberships where tenant_id = $1 and user_id = $2"
    return await work.row(sql, tenant_id, user_id) is not None


_ADD_TENANT = """
insert into tenants (id, name, slug, created_at, updated_at) values ($1, $2, $3, $4, $4)
on conflict (slug) do nothing
returning id, name, slug, tier, version, created_at, updated_at
"""
