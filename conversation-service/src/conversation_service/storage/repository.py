"""Every query on how much of a tenant's storage this service fills and may fill."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.db.unit_of_work import Work
from shared.principal import Tier


class Allotment(msgspec.Struct, frozen=True, kw_only=True):
    """`used` and `allotted` are bytes."""

    tenant_id: UUID
    used: int
    allotted: int
    tier: Tier
    counted_at: datetime | None


class Room(NamedTuple):
    used: int
    allotted: int


_NOTHING = Room(0, 0)

Claim = datetime
"""When the right to ask ends; it names the one who has claimed it."""


async def room(work: Work, tenant_id: UUID) -> Room:
    """With what this transaction has written."""
    row = await work.row("select used, allotted from storage_allotments where tenant_id = $1", tenant_id)
    return _NOTHING if row is None else Room(**row)


async def lock(work: Work, tenant_id: UUID) -> None:
    """Nobody else writes or deletes what counts for the tenant until this transaction ends."""
    await work.execute("select from storage_allotments where tenant_id = $1 for no key update", tenant_id)


async def claim(work: Work, tenant_id: UUID, tier: Tier, lasts: timedelta) -> Claim | None:
    """One node at a time asks for a tenant's allotment, so that answers are stored in the order they were given.

    None while another one asks.
    """
    row = await work.row(_CLAIM, tenant_id, tier, lasts)
    return None if row is None else row["asking_until"]


async def give_up(work: Work, tenant_id: UUID, claim: Claim) -> None:
    """Others may ask. Changes nothing when another node has claimed it since."""
    await work.execute(_GIVE_UP, tenant_id, claim)


async def set_allotted(work: Work, tenant_id: UUID, allotted: int, claim: Claim, now: datetime) -> None:
    """Gives up the claim, too. Changes nothing when another node has claimed it since: its answer is newer."""
    await work.execute(_SET_ALLOTTED, tenant_id, allotted, now, claim)


async def lower(work: Work, tenant_id: UUID, size: int) -> None:
    """Fills no more than `size` from now on, unless more is used meanwhile."""
    await work.execute(_LOWER, tenant_id, size)


async def correct(work: Work, tenant_id: UUID, drift: int, now: datetime) -> None:
    """Takes back by how many bytes `used` was wrong, and notes that it was counted."""
    await work.execute(_CORRECT, tenant_id, drift, now)


async def find_due(work: Work, surplus: int, before: datetime, limit: int) -> Sequence[Allotment]:
    """In system work: those with more room than `surplus`, not yet confirmed, or not counted since `before`."""
    return msgspec.convert(await work.rows(_DUE, surplus, before, limit), list[Allotment])


_CLAIM = """
insert into storage_allotments as s (tenant_id, tier, asking_until) values ($1, $2, clock_timestamp() + $3::interval)
on conflict (tenant_id) do update set tier = excluded.tier, asking_until = excluded.asking_until
where s.asking_until is null or s.asking_until < clock_timestamp() returning s.asking_until
"""

_GIVE_UP = "update storage_allotments set asking_until = null where tenant_id = $1 and asking_until = $2"

_SET_ALLOTTED = """
update storage_allotments set allotted = $2, asking_until = null, confirmed_at = $3
where tenant_id = $1 and asking_until = $4
"""

_LOWER = """
update storage_allotments set allotted = $2, confirmed_at = null
where tenant_id = $1 and used <= $2 and allotted > $2
"""

_CORRECT = "update storage_allotments set used = used - $2, counted_at = $3 where tenant_id = $1"

_DUE = """
select tenant_id, used, allotted, tier, counted_at from storage_allotments
where confirmed_at is null or allotted - used > $1 or counted_at is null or counted_at < $2
order by counted_at nulls first limit $3
"""
