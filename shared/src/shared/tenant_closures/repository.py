"""Every query about closed and deleted tenants, in the table `tenant_closures` that each service has.

A tenant that was never closed has no row. The row of a deleted one outlives its data: while it is there, no event
writes anything for the tenant.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.db.portions import PORTION_ROWS
from shared.db.schema import CURRENT_TENANT
from shared.db.unit_of_work import Work

REMEMBERED_FOR = timedelta(days=90)
"""Longer than a dead letter waits to be replayed: an event of an erased tenant that comes later finds nothing to add
to, but could begin anew."""


class ClosureState(StrEnum):
    OPEN = "open"
    """Restored."""
    CLOSED = "closed"
    DELETED = "deleted"
    """Its data are being erased."""
    ERASED = "erased"


ERASING = f"select from tenant_closures where tenant_id = {CURRENT_TENANT} and state in ('deleted', 'erased')"
"""Finds a row when the tenant of the current work is deleted; none in system work."""


def is_closed(tenant_column: str) -> str:
    """A condition: the tenant that the column names is closed or deleted."""
    return f"exists (select from tenant_closures closure where closure.tenant_id = {tenant_column} and state <> 'open')"


async def note(work: Work, tenant_id: UUID, state: ClosureState, as_of: datetime) -> None:
    """In any order: the newest counts, and a deleted tenant stays deleted."""
    await work.execute(_NOTE, tenant_id, state.value, as_of)


async def is_deleted(work: Work) -> bool:
    """The tenant whose work it is."""
    return await work.row(ERASING) is not None


async def deletion_time(work: Work, tenant_id: UUID) -> datetime | None:
    """Of a tenant whose data are still to be erased; None of any other. In system work."""
    row = await work.row("select as_of from tenant_closures where tenant_id = $1 and state = 'deleted'", tenant_id)
    return None if row is None else row["as_of"]


async def mark_erased(work: Work, tenant_id: UUID) -> bool:
    """False when it is not deleted, or erased already. In system work."""
    return await work.execute(_MARK_ERASED, tenant_id) == 1


async def forget_old(work: Work, now: datetime) -> int:
    """A retention step: tenants that were erased or restored long ago."""
    return await work.execute(_FORGET, now - REMEMBERED_FOR, PORTION_ROWS)


_NOTE = """
insert into tenant_closures as c (tenant_id, state, as_of) values ($1, $2, $3)
on conflict (tenant_id) do update set state = excluded.state, as_of = excluded.as_of
where c.state in ('open', 'closed') and (excluded.state = 'deleted' or excluded.as_of > c.as_of)
"""

_MARK_ERASED = "update tenant_closures set state = 'erased' where tenant_id = $1 and state = 'deleted'"

_FORGET = """
delete from tenant_closures where tenant_id = any(array(
    select tenant_id from tenant_closures where state in ('open', 'erased') and as_of < $1 limit $2
))
"""
