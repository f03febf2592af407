"""Queries on the copy of the tenants' members by what people call them."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from shared.db.unit_of_work import Work
from shared.email_address import email_identity
from shared.members.domain import folded
from shared.principal import Role


class Mentionable(NamedTuple):
    user_id: UUID
    role: Role
    mail_handle: str
    name_handle: str


async def find_by_email(work: Work, tenant_id: UUID, email: str) -> UUID | None:
    row = await work.row(_BY_EMAIL, tenant_id, email_identity(email))
    return None if row is None else row["user_id"]


async def find_by_username(work: Work, tenant_id: UUID, username: str) -> UUID | None:
    """None where nobody or more than one is called so."""
    named = await find_by_handles(work, tenant_id, [folded(username)])
    return named[0].user_id if len(named) == 1 else None


async def find_by_handles(work: Work, tenant_id: UUID, handles: Collection[str]) -> list[Mentionable]:
    """Active members who are called by one of these folded names."""
    return [_mentionable(row) for row in await work.rows(_BY_HANDLES, tenant_id, list(handles))]


async def find_by_ids(work: Work, tenant_id: UUID, user_ids: Collection[UUID]) -> list[Mentionable]:
    """Active members among these."""
    return [_mentionable(row) for row in await work.rows(_BY_IDS, tenant_id, list(user_ids))]


async def find_owner(work: Work, tenant_id: UUID, but: UUID) -> UUID | None:
    """An active owner of the tenant, the same one every time as long as they are: whose account is oldest."""
    row = await work.row(owner_of_tenant("$1", "$2"), tenant_id, but)
    return None if row is None else row["user_id"]


def owner_of_tenant(tenant_id: str, but: str) -> str:
    """The same as a query."""
    return f"""
        select t.user_id from tenant_members t
        where t.tenant_id = {tenant_id} and t.is_active and t.role = 'owner' and t.user_id <> {but}
        order by t.user_id limit 1
    """  # noqa: S608 - made of placeholders


def _mentionable(row: Mapping[str, Any]) -> Mentionable:
    return Mentionable(row["user_id"], Role(row["role"]), row["mail_handle"], row["name_handle"])


_BY_EMAIL = "select user_id from tenant_members where tenant_id = $1 and email_key = $2 and is_active"

_BY_IDS = """
select user_id, role, mail_handle, name_handle from tenant_members
where tenant_id = $1 and is_active and user_id = any($2::uuid[])
"""

_BY_HANDLES = """
select user_id, role, mail_handle, name_handle from tenant_members
where tenant_id = $1 and is_active and (mail_handle = any($2::text[]) or name_handle = any($2::text[]))
"""
