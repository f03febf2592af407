"""Workers for jobs of gift planning, over a real database and without the rest of the service."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from project_service.gifting.gifts.metadata import METADATA, MetadataFiller, ProductReader, Reading
from project_service.gifting.gifts.products import Product
from project_service.gifting.gifts.service import GiftService
from project_service.gifting.lists.revealing import REVEAL, Revealer
from shared.clock import Clock
from shared.db.databases import Database
from shared.events.gifting import MetadataStatus
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.worker import JobWorker
from shared.messaging.memory import MemoryBus
from shared.telemetry.metrics import Metrics


class MovableClock:
    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def now(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def reveal_worker(database: Database, clock: Clock) -> JobWorker:
    worker = _worker(database, JobQueue(clock), clock)
    worker.on(REVEAL, Revealer(clock).reveal)
    return worker


def named_by_address(url: str) -> Reading:
    return Reading(MetadataStatus.READY, Product(name=url))


class FakeReader:
    """Notes what it reads, waits until `is_free` is set, and answers with `answer(url)`."""

    def __init__(self) -> None:
        self.tenants: list[UUID] = []
        self.urls: list[str] = []
        self.is_free = asyncio.Event()
        self.is_free.set()
        self.answer: Callable[[str], Reading] = named_by_address

    async def read(self, tenant_id: UUID, url: str) -> Reading:
        self.tenants.append(tenant_id)
        self.urls.append(url)
        await self.is_free.wait()
        return self.answer(url)


class Gifts:
    """The use cases of gifts, and a worker that fills them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = MovableClock()
        self.reader = FakeReader()
        self.jobs = JobQueue(self.clock)
        reader = cast(ProductReader, self.reader)
        self.service = GiftService(database, self.clock, reader, self.jobs)
        self.worker = _worker(database, self.jobs, self.clock)
        filler = MetadataFiller(reader, self.clock)
        self.worker.on(METADATA, filler.fill, filler.give_up)

    async def states(self) -> list[tuple[str | None, str | None]]:
        """Status and name of each gift."""
        rows = await self.database.system_rows("select metadata_status, name from gifts order by created_at, id")
        return [(row["metadata_status"], row["name"]) for row in rows]

    async def while_reading(self, act: Callable[[], Awaitable[object]], pages: int = 1) -> None:
        """Does something while the worker reads so many pages, and lets it end all that is due."""
        self.reader.is_free.clear()
        working = asyncio.create_task(self.worker.run_due())
        while len(self.reader.urls) < pages:
            await asyncio.sleep(0.005)
        await act()
        self.reader.is_free.set()
        await working


def _worker(database: Database, jobs: JobQueue, clock: Clock) -> JobWorker:
    return JobWorker(database, jobs, MemoryBus(), clock, JobMetrics(Metrics("sample")), "sample")
