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


class Room(NamedTuple):
    used: int
    allotted: int


_NOTHING = Room(0, 0)


async def room(work: Work, tenant_id: UUID) -> Room:
    """With what this transaction has written."""
    row = await work.row("select used, allotted from storage_allotments where tenant_id = $1", tenant_id)
    return _NOTHING if row is None else Room(**row)


async def lock(work: Work, tenant_id: UUID) -> None:
    """Nobody else writes or deletes what counts for the tenant until this transaction ends."""
    await work.execute("select from storage_allotments where tenant_id = $1 for no key update", tenant_id)


async def claim(work: Work, tenant_id: UUID, tier: Tier, lasts: timedelta) -> bool:
    """One node at a time asks for a tenant's allotment, so that answers are stored in the order they were given."""
    return await work.execute(_CLAIM, tenant_id, tier, lasts) == 1


async def give_up(work: Work, tenant_id: UUID) -> None:
    """Others may ask."""
    await work.execute("update storage_allotments set asking_until = null where tenant_id = $1", tenant_id)


async def set_allotted(work: Work, tenant_id: UUID, allotted: int, now: datetime) -> None:
    await work.execute(_SET_ALLOTTED, tenant_id, allotted, now)


async def lower(work: Work, tenant_id: UUID, size: int) -> None:
    """Fills no more than `size` from now on, unless more is used meanwhile."""
    await work.execute(_LOWER, tenant_id, size)


async def correct(work: Work, tenant_id: UUID, now: datetime) -> int:
    """Counts anew what is stored; answers by how many bytes `used` was wrong. Writers do not wait meanwhile."""
    row = await work.row(_CORRECT, tenant_id, now)
    drift: int = 0 if row is None else row["drift"]
    return drift


async def find_due(work: Work, surplus: int, before: datetime, limit: int) -> Sequence[Allotment]:
    """In system work: those with more room than `surplus`, not yet confirmed, or not counted since `before`."""
    return msgspec.convert(await work.rows(_DUE, surplus, before, limit), list[Allotment])


_CLAIM = """
insert into storage_allotments as s (tenant_id, tier, asking_until) values ($1, $2, clock_timestamp() + $3::interval)
on conflict (tenant_id) do update set tier = excluded.tier, asking_until = excluded.asking_until
where s.asking_until is null or s.asking_until < clock_timestamp()
"""

_SET_ALLOTTED = """
update storage_allotments set allotted = $2, asking_until = null, confirmed_at = $3 where tenant_id = $1
"""

_LOWER = """
update storage_allotments set allotted = $2, confirmed_at = null
where tenant_id = $1 and used <= $2 and allotted > $2
"""

# `used` and the rows that it counts change in one transaction, and one statement sees one state of both.
_CORRECT = """
with counted as (
    select coalesce(sum(bytes), 0)::bigint as bytes from (
        select conversation_bytes(title, description, tags, summary) as bytes from conversations where tenant_id = $1
        union all
        select message_bytes(m.content, m.feedback)
        from conversations c join messages m on m.conversation_id = c.id where c.tenant_id = $1 and m.tenant_id = $1
        union all
        select message_bytes(content, feedback) from messages where tenant_id = $1 and conversation_id is null
        union all
        select chat_bytes(title) from chats where tenant_id = $1
        union all
        select chat_message_bytes(m.content)
        from chats c join chat_messages m on m.chat_id = c.id where c.tenant_id = $1 and m.tenant_id = $1
        union all
        select support_ticket_bytes(question, answer) from support_tickets where tenant_id = $1
    ) stored
), wrong as (
    select s.used - counted.bytes as drift from storage_allotments s, counted where s.tenant_id = $1
)
update storage_allotments s set used = s.used - wrong.drift, counted_at = $2 from wrong
where s.tenant_id = $1 returning wrong.drift
"""

_DUE = """
select tenant_id, used, allotted, tier from storage_allotments
where confirmed_at is null or allotted - used > $1 or counted_at is null or counted_at < $2
order by counted_at nulls first limit $3
"""
