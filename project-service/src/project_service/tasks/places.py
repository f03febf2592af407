"""Where tasks stand in their project: no two share a position, and none but the moved ones change their order.

All queries here need `hold_structure`: moves of one project are decided one after another.
"""

import hashlib
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from project_service.tasks.domain import places_between
from shared.db.unit_of_work import Work

_WINDOW = 32
"""How many followers move together where there is no room: nearly always enough, else it grows by itself."""


class Settled(NamedTuple):
    """The free position at or next behind the one that was wanted, and who had to make room for it."""

    position: float
    moved: list[UUID]


async def hold_structure(work: Work, tenant_id: UUID, project_id: UUID) -> None:
    """Until this transaction ends nobody else moves tasks or ties them together in this project.

    To be taken before any row is locked: whoever waits for it holds nothing that its holder could need.
    """
    key = hashlib.blake2b(b"task structure" + tenant_id.bytes + project_id.bytes, digest_size=8).digest()
    await work.execute("select pg_advisory_xact_lock($1)", int.from_bytes(key, signed=True))


async def taken(
    work: Work, tenant_id: UUID, project_id: UUID, wanted: Collection[float], moving: Collection[UUID] = ()
) -> set[float]:
    """Those of the positions where a task stands that is not `moving` itself."""
    rows = await work.rows(
        """
        select position from tasks
        where tenant_id = $1 and project_id = $2 and position = any($3::float8[]) and id <> all($4::uuid[])
        """,
        tenant_id,
        project_id,
        list(wanted),
        list(moving),
    )
    return {row["position"] for row in rows}


async def settle(
    work: Work, tenant_id: UUID, project_id: UUID, wanted: float, now: datetime, moving: Collection[UUID] = ()
) -> Settled:
    if not await taken(work, tenant_id, project_id, [wanted], moving):
        return Settled(wanted, [])
    window = 0
    while True:
        followers = await _followers(work, tenant_id, project_id, wanted, window + 1, moving)
        in_the_way, end = followers[:window], followers[window:]
        places = places_between(wanted, end[0][1] if end else None, len(in_the_way) + 1)
        if places is not None:
            break
        window = max(_WINDOW, window * 16)
    moved = [task_id for task_id, _ in in_the_way]
    if moved:
        await park(work, tenant_id, [*moved, *moving])
        await _move(work, tenant_id, moved, places[1:], now)
    return Settled(places[0], moved)


async def park(work: Work, tenant_id: UUID, task_ids: Collection[UUID]) -> None:
    """Takes tasks to where nobody stands, so that the places they leave and those they take may be the same ones."""
    await work.execute(
        """
        update tasks t set position = -1e15 - p.number
        from unnest($2::uuid[]) with ordinality as p (id, number) where t.tenant_id = $1 and t.id = p.id
        """,
        tenant_id,
        list(task_ids),
    )


async def put(work: Work, tenant_id: UUID, task_id: UUID, position: float) -> None:
    """As part of a change that has raised the task's version already."""
    await work.execute("update tasks set position = $3 where tenant_id = $1 and id = $2", tenant_id, task_id, position)


async def _followers(
    work: Work, tenant_id: UUID, project_id: UUID, position: float, count: int, moving: Collection[UUID]
) -> list[tuple[UUID, float]]:
    rows = await work.rows(
        """
        select id, position from tasks
        where tenant_id = $1 and project_id = $2 and position > $3 and id <> all($4::uuid[])
        order by position limit $5
        """,
        tenant_id,
        project_id,
        position,
        list(moving),
        count,
    )
    return [(row["id"], row["position"]) for row in rows]


async def _move(work: Work, tenant_id: UUID, task_ids: list[UUID], places: list[float], now: datetime) -> None:
    await work.execute(
        """
        update tasks t set position = p.position, version = t.version + 1, updated_at = $4
        from unnest($2::uuid[], $3::float8[]) as p (id, position) where t.tenant_id = $1 and t.id = p.id
        """,
        tenant_id,
        task_ids,
        places,
        now,
    )
