"""Every query on the table `leavings`: members who have left, and whose things are not all dealt with.

A service that keeps it has the table with the columns of `Leaving`, `id` and `due_at`.
"""

# ruff: noqa: S608 - made of constants and numbered placeholders

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from shared.db.schema import NO_TENANT
from shared.db.unit_of_work import Work
from shared.ids import new_id

_SAME = "tenant_id = $1 and user_id = $2 and project_id is not distinct from $3"


class Leaving(NamedTuple):
    """Somebody who has left the tenant, or where `project_id` is given the team of that project.

    What they get after `left_at` is not meant: they have come back.
    """

    tenant_id: UUID
    user_id: UUID
    project_id: UUID | None
    left_at: datetime


async def add(work: Work, leaving: Leaving, now: datetime) -> None:
    """Whoever leaves again before all is dealt with has left at the later time."""
    await work.execute(_ADD, *leaving, new_id(), now)


async def find(work: Work, now: datetime, at_most: int) -> list[Leaving]:
    """Those that are due, in system work and of all tenants: who was not looked at for longest comes first."""
    return [Leaving(**row) for row in await work.rows(_FIND, now, at_most)]


async def lock(work: Work, leaving: Leaving) -> bool:
    """Whether it is still the same, and no other replica works on it until this transaction ends."""
    return await work.row(_LOCK, *leaving) is not None


async def postpone(work: Work, leaving: Leaving, due_at: datetime) -> None:
    await work.execute(f"update leavings set due_at = $4 where {_SAME}", *leaving[:3], due_at)


async def remove(work: Work, leaving: Leaving) -> None:
    """Not where they have left again since."""
    await work.execute(f"delete from leavings where {_SAME} and left_at = $4", *leaving)


_ADD = f"""
insert into leavings as l (tenant_id, user_id, project_id, left_at, id, due_at) values ($1, $2, $3, $4, $5, $6)
on conflict (tenant_id, user_id, coalesce(project_id, '{NO_TENANT}'::uuid)) do update set
    left_at = greatest(l.left_at, excluded.left_at), due_at = excluded.due_at
"""

_FIND = """
select tenant_id, user_id, project_id, left_at from leavings where due_at <= $1 order by due_at, id limit $2
"""

_LOCK = f"select from leavings where {_SAME} and left_at = $4 for update skip locked"
