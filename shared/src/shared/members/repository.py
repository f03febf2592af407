"""The copy of the tenants' members that a service keeps in its table `tenant_members`.

What was seen last counts, by the time at which it was so: a membership's version begins anew when somebody comes back.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from shared.db.unit_of_work import Work
from shared.members.domain import Member


async def apply(work: Work, members: Sequence[Member]) -> None:
    """Idempotent, and in any order. In system work members of any tenants."""
    if members:
        columns = [list(column) for column in zip(*sorted(members), strict=True)]
        await work.execute(_APPLY, *columns)


async def forget(work: Work, tenant_id: UUID, user_id: UUID, as_of: datetime) -> bool:
    """Nothing that says who they were is kept. False when they have come back since."""
    if await work.execute(_FORGET, tenant_id, user_id, as_of):
        return True
    await work.execute(_JOIN_ANEW, tenant_id, user_id, as_of)
    return False


async def is_member(work: Work, tenant_id: UUID, user_id: UUID) -> bool:
    """Also of one who is suspended; not of somebody who is not known."""
    return await work.row(_IS_MEMBER, tenant_id, user_id) is not None


async def known(work: Work, tenant_id: UUID, user_ids: Collection[UUID]) -> set[UUID]:
    """Which of these are active members of the tenant."""
    rows = await work.rows(_KNOWN, tenant_id, list(user_ids))
    return {row["user_id"] for row in rows}


async def joined_at(work: Work, tenant_id: UUID, user_id: UUID) -> datetime | None:
    """Since when somebody is a member; None where that was before it was noted."""
    row = await work.row(_JOINED_AT, tenant_id, user_id)
    return None if row is None else row["joined_at"]


_APPLY = """
insert into tenant_members as m (tenant_id, user_id, is_active, role, email, display_name, email_key, mail_handle,
                                 name_handle, as_of, is_member, joined_at)
select *, true, as_of
from unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::text[], $10::timestamptz[])
     as new (tenant_id, user_id, is_active, role, email, display_name, email_key, mail_handle, name_handle, as_of)
on conflict (tenant_id, user_id) do update set
    is_active = excluded.is_active, role = excluded.role, email = excluded.email,
    display_name = excluded.display_name, email_key = excluded.email_key, mail_handle = excluded.mail_handle,
    name_handle = excluded.name_handle, as_of = excluded.as_of, is_member = true,
    joined_at = case when m.is_member then m.joined_at else excluded.joined_at end
where excluded.as_of > m.as_of
"""

_FORGET = """
insert into tenant_members as m (tenant_id, user_id, is_member, is_active, as_of) values ($1, $2, false, false, $3)
on conflict (tenant_id, user_id) do update set
    is_member = false, is_active = false, role = null, email = null, display_name = null, email_key = null,
    mail_handle = null, name_handle = null, joined_at = null, as_of = excluded.as_of
where excluded.as_of >= m.as_of
"""

# When exactly they came back is not known here; by the time of what was seen last they had.
_JOIN_ANEW = """
update tenant_members set joined_at = as_of
where tenant_id = $1 and user_id = $2 and is_member and (joined_at is null or joined_at <= $3)
"""

_IS_MEMBER = "select from tenant_members where tenant_id = $1 and user_id = $2 and is_member"

_KNOWN = "select user_id from tenant_members where tenant_id = $1 and user_id = any($2::uuid[]) and is_active"

_JOINED_AT = "select joined_at from tenant_members where tenant_id = $1 and user_id = $2 and is_member"
