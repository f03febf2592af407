"""Who may see which project, as far as it is known here: from events, and from asking when somebody turns up.

What was known last counts, by the time at which it was so. Whoever changes or reads this for a project holds its lock,
so that a chat that is just being made misses nobody.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from shared.db.unit_of_work import Work


async def lock(work: Work, project_id: UUID) -> None:
    """Until the transaction ends."""
    await work.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", str(project_id))


async def admit(
    work: Work, tenant_id: UUID, project_id: UUID, user_ids: Collection[UUID], *, is_on_team: bool, as_of: datetime
) -> None:
    """Later news stay as they are."""
    await work.execute(_ADMIT, tenant_id, project_id, list(user_ids), is_on_team, as_of)


async def known(work: Work, tenant_id: UUID, project_id: UUID) -> list[UUID]:
    """Who can see it."""
    rows = await work.rows(_KNOWN, tenant_id, project_id)
    return [row["user_id"] for row in rows]


async def forget(work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID, as_of: datetime) -> list[UUID]:
    """From now on it has to be asked again whether they see it; answers who is concerned."""
    rows = await work.rows(_FORGET, tenant_id, project_id, user_id, as_of)
    return [row["user_id"] for row in rows]


async def forget_guests(work: Work, tenant_id: UUID, project_id: UUID, as_of: datetime) -> list[UUID]:
    """The same for everybody who is not on the team: what let them see it has changed."""
    rows = await work.rows(_FORGET_GUESTS, tenant_id, project_id, as_of)
    return [row["user_id"] for row in rows]


async def projects_as_guest(work: Work, tenant_id: UUID, user_id: UUID) -> list[UUID]:
    """Which projects they see without being on the team."""
    rows = await work.rows(_AS_GUEST, tenant_id, user_id)
    return [row["project_id"] for row in rows]


async def drop(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    """Nothing about somebody is known any more."""
    await work.execute("delete from project_viewers where tenant_id = $1 and user_id = $2", tenant_id, user_id)


async def drop_project(work: Work, tenant_id: UUID, project_id: UUID) -> None:
    await work.execute("delete from project_viewers where tenant_id = $1 and project_id = $2", tenant_id, project_id)


_ADMIT = """
insert into project_viewers as v (tenant_id, project_id, user_id, can_see, is_on_team, as_of)
select $1, $2, who, true, $4, $5 from unnest($3::uuid[]) who order by who
on conflict (tenant_id, project_id, user_id) do update set
    can_see = true, is_on_team = excluded.is_on_team, as_of = excluded.as_of
where excluded.as_of > v.as_of
"""

_KNOWN = "select user_id from project_viewers where tenant_id = $1 and project_id = $2 and can_see order by user_id"

_FORGET = """
insert into project_viewers as v (tenant_id, project_id, user_id, can_see, is_on_team, as_of)
values ($1, $2, $3, false, false, $4)
on conflict (tenant_id, project_id, user_id) do update set can_see = false, is_on_team = false, as_of = excluded.as_of
where excluded.as_of > v.as_of
returning user_id
"""

_FORGET_GUESTS = """
update project_viewers set can_see = false, as_of = $3
where tenant_id = $1 and project_id = $2 and can_see and not is_on_team and as_of < $3 returning user_id
"""

_AS_GUEST = """
select project_id from project_viewers where tenant_id = $1 and user_id = $2 and can_see and not is_on_team
order by project_id
"""
