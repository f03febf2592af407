"""Two tenants in one service: what there is of each, row by row, before and after one of them is erased."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.clock import Clock
from shared.db.databases import Database
from shared.events.auth import TenantClosed, TenantDeleted, TenantRestored
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.messaging.memory import MemoryBus
from shared.telemetry.metrics import Metrics
from shared.tenant_closures.erasure import ERASURE, SETTLED_AFTER, ErasureStep, TenantErasure
from shared.testing.eventually import eventually
from shared.testing.members import tell

PASSING = frozenset({"jobs", "job_pauses", "redactions"})
"""With rows for moments only, or of some services."""

KEPT_BY_AGE = frozenset({"outbox", "inbox"})
"""What of an erased tenant goes by age: events without a topic, and ids of applied events."""

WHILE_ERASED = KEPT_BY_AGE | {"jobs"}
"""What there is besides until the tenant counts as erased: the job that erases it."""

Rows = dict[str, list[str]]


class LaterClock:
    """The system's clock, some time ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


async def rows_of_tenant(database: Database, tenant_id: UUID) -> Rows:
    """Of every table that has a tenant, but for the record of the closure itself."""
    tables = [row["name"] for row in await database.system_rows(_TABLES)]
    return {table: await _rows_of(database, table, tenant_id) for table in tables}


async def close(bus: MemoryBus, database: Database, tenant_id: UUID) -> None:
    await tell(bus, TenantClosed(tenant_id=tenant_id, restorable_until=datetime.now(UTC)), tenant_id)
    await eventually(lambda: _is_in(database, tenant_id, "closed"))


async def restore(bus: MemoryBus, database: Database, tenant_id: UUID) -> None:
    await tell(bus, TenantRestored(tenant_id=tenant_id), tenant_id)
    await eventually(lambda: _is_in(database, tenant_id, "open"))


async def delete(bus: MemoryBus, database: Database, tenant_id: UUID) -> None:
    await tell(bus, TenantDeleted(tenant_id=tenant_id), tenant_id)
    await eventually(lambda: _is_in(database, tenant_id, "deleted"))


def erasing_worker(database: Database, steps: Sequence[ErasureStep], clock: Clock) -> JobWorker:
    """A replica that does nothing but erase."""
    worker = JobWorker(database, JobQueue(clock), MemoryBus(), clock, JobMetrics(Metrics("erasing")), "erasing")
    worker.on(ERASURE, TenantErasure(database, steps, clock).run)
    return worker


async def erase(database: Database, steps: Sequence[ErasureStep]) -> None:
    """Until it is finished: the service deletes by itself, and the look after an hour is made here."""
    await eventually(lambda: _is_all_sent(database))
    await eventually(lambda: waits_for_its_hour(database))
    await erasing_worker(database, steps, LaterClock(SETTLED_AFTER)).run_due()


async def waits_for_its_hour(database: Database) -> bool:
    """Each erasure of a tenant; none of them fails."""
    sql = "select status, error from jobs where kind = $1"
    rows = await database.system_rows(sql, ERASURE.name)
    return bool(rows) and all(row["status"] == "scheduled" and "One more look" in row["error"] for row in rows)


async def closure_of(database: Database, tenant_id: UUID) -> str | None:
    rows = await database.system_rows("select state from tenant_closures where tenant_id = $1", tenant_id)
    return rows[0]["state"] if rows else None


async def _is_in(database: Database, tenant_id: UUID, state: str) -> bool:
    return await closure_of(database, tenant_id) == state


async def _is_all_sent(database: Database) -> bool:
    return await database.system_rows("select from outbox where sent_at is null") == []


async def _rows_of(database: Database, table: str, tenant_id: UUID) -> list[str]:
    sql = f"select r::text as row from {table} r where tenant_id = $1 order by 1"  # noqa: S608 - names of the schema
    return [row["row"] for row in await database.system_rows(sql, tenant_id)]


_TABLES = """
select c.relname::text as name from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace
  and c.relname <> 'tenant_closures'
order by 1
"""
