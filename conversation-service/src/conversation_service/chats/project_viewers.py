"""Who may see which project, as far as it is known here: from events, and from asking when somebody turns up.

What was known last counts, by the time at which it was so. Whoever changes or reads this holds the locks of the person
and of the project, in this order, so that a chat that is just being made misses nobody.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from shared.db.unit_of_work import Work

ANY = UUID(int=0)
"""Stands for every project, or for everybody: what is older than such a row has to be asked again."""


async def lock(work: Work, person_or_project: UUID) -> None:
    """Until the transaction ends."""
    await work.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", str(person_or_project))


async def admit(
    work: Work, tenant_id: UUID, project_id: UUID, user_ids: Collection[UUID], *, is_on_team: bool, as_of: datetime
) -> None:
    """Later news stay as they are."""
    await work.execute(_ADMIT, tenant_id, project_id, list(user_ids), is_on_team, as_of, ANY)


async def known(work: Work, tenant_id: UUID, project_id: UUID) -> list[UUID]:
    """Who can see it."""
    rows = await work.rows(_KNOWN, tenant_id, project_id)
    return [row["user_id"] for row in rows]


async def forget(work: Work, tenant_id: UUID, project_id: UUID, user_id: UUID, as_of: datetime) -> bool:
    """From now on it has to be asked again whether they see it. False where later news are known."""
    return await work.execute(_FORGET, tenant_id, project_id, user_id, as_of) == 1


async def forget_guests(work: Work, tenant_id: UUID, project_id: UUID, as_of: datetime) -> list[UUID]:
    """The same for everybody who is not on the team: what let them see it has changed. Answers who did see it."""
    await forget(work, tenant_id, project_id, ANY, as_of)
    rows = await work.rows(_FORGET_GUESTS, tenant_id, project_id, as_of)
    return [row["user_id"] for row in rows]


async def forget_as_guest(work: Work, tenant_id: UUID, user_id: UUID, as_of: datetime) -> list[UUID]:
    """The same for one person, in all projects that they see without being on the team. Answers which."""
    await forget(work, tenant_id, ANY, user_id, as_of)
    rows = await work.rows(_FORGET_AS_GUEST, tenant_id, user_id, as_of)
    return [row["project_id"] for row in rows]


async def forget_everywhere(work: Work, tenant_id: UUID, user_id: UUID, as_of: datetime) -> None:
    """Of all projects: they had left the tenant by then. Later news stay as they are."""
    await forget(work, tenant_id, ANY, user_id, as_of)
    await work.execute(_FORGET_EVERYWHERE, tenant_id, user_id, as_of)


async def hide(work: Work, tenant_id: UUID, project_id: UUID, as_of: datetime) -> list[UUID]:
    """Nobody sees it; who is on its team is remembered. Answers who did see it."""
    await forget(work, tenant_id, project_id, ANY, as_of)
    rows = await work.rows(_HIDE, tenant_id, project_id, as_of)
    return [row["user_id"] for row in rows]


async def show(work: Work, tenant_id: UUID, project_id: UUID, as_of: datetime) -> list[UUID]:
    """Its team sees it again; answers who that is."""
    rows = await work.rows(_SHOW, tenant_id, project_id, as_of)
    return [row["user_id"] for row in rows]


_ADMIT = """
insert into project_viewers as v (tenant_id, project_id, user_id, can_see, is_on_team, as_of)
select $1, $2, who, true, $4, $5 from unnest($3::uuid[]) who
where not exists (
    select from project_viewers later
    where later.tenant_id = $1 and later.as_of >= $5 and (
        (later.project_id = $6 and later.user_id = who) or (later.project_id = $2 and later.user_id = $6 and not $4)
    )
)
order by who
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
"""

_FORGET_GUESTS = """
update project_viewers set can_see = false, as_of = $3
where tenant_id = $1 and project_id = $2 and can_see and not is_on_team and as_of < $3 returning user_id
"""

_FORGET_AS_GUEST = """
update project_viewers set can_see = false, as_of = $3
where tenant_id = $1 and user_id = $2 and can_see and not is_on_team and as_of < $3 returning project_id
"""

_FORGET_EVERYWHERE = """
update project_viewers set can_see = false, is_on_team = false, as_of = $3
where tenant_id = $1 and user_id = $2 and as_of <= $3
"""

_HIDE = """
update project_viewers set can_see = false, as_of = $3
where tenant_id = $1 and project_id = $2 and can_see and as_of < $3 returning user_id
"""

_SHOW = """
update project_viewers set can_see = true, as_of = $3
where tenant_id = $1 and project_id = $2 and is_on_team and not can_see and as_of < $3 returning user_id
"""
