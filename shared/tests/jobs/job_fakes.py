"""A worker over a real database, whose time the tests set."""

from datetime import UTC, datetime, timedelta

import msgspec

from shared.db.databases import Database
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind, Limits, Retry
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.messaging.memory import MemoryBus
from shared.telemetry.metrics import Metrics


class Parcel(msgspec.Struct, frozen=True):
    name: str


PARCEL = JobKind("sample.parcel", Parcel, timeout=5.0, retry=Retry(attempts=3, first=10.0, jitter=0.0))
ONE_BY_ONE = JobKind("sample.single", Parcel, limits=Limits(per_worker=1))
SHARED = JobKind("sample.shared", Parcel, limits=Limits(per_worker=50, total=6, per_tenant=3, per_key=2))


class Moment:
    """A clock that stands still."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class Ledger:
    """A handler that notes what it was given, and does as it is told."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.errors: list[Exception] = []

    async def handle(self, job: Job[Parcel]) -> None:
        self.names.append(job.payload.name)
        if self.errors:
            raise self.errors.pop(0)


class Yard:
    """Queue, clock and any number of workers of one database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = Moment()
        self.queue = JobQueue(self.clock)

    def worker(self) -> JobWorker:
        metrics = JobMetrics(Metrics("sample"))
        return JobWorker(self.database, self.queue, MemoryBus(), self.clock, metrics, "sample")

    async def statuses(self) -> dict[str, str]:
        rows = await self.database.system_rows("select payload ->> 'name' as name, status from jobs order by seq")
        return {row["name"]: row["status"] for row in rows}


async def take_all(worker: JobWorker) -> None:
    """All that is due and has room; does not wait for any of it."""
    while not await worker._take():
        pass
