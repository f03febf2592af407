"""A database that remembers what was committed, and deliveries that remember how they were settled."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from shared.ids import new_id


class FakeWork:
    def __init__(self, tenant_id: UUID | None) -> None:
        self.tenant_id = tenant_id
        self.actor_id: UUID | None = None
        self.effects: list[str] = []
        self.seen: list[tuple[str, UUID]] = []


class FakeDatabase:
    """A unit of work that raises leaves nothing behind."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.works: list[FakeWork] = []
        self.seen: set[tuple[str, UUID]] = set()
        self.failure: Exception | None = None

    @asynccontextmanager
    async def unit_of_work(self, tenant_id: UUID | None) -> AsyncIterator[FakeWork]:
        if self.failure:
            raise self.failure
        work = FakeWork(tenant_id)
        yield work
        self.works.append(work)
        self.effects += work.effects
        self.seen |= set(work.seen)

    def system_work(self) -> object:
        return self.unit_of_work(None)


class FakeInbox:
    def __init__(self, database: FakeDatabase) -> None:
        self._database = database

    async def remember(self, work: FakeWork, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
        work.seen += [(consumer, event_id) for event_id in event_ids]
        return {event_id for event_id in event_ids if (consumer, event_id) not in self._database.seen}


class FakeDelivery:
    def __init__(self, body: bytes, attempt: int = 1, first_failed: datetime | None = None) -> None:
        self.body = body
        self.type = "project.task.deleted"
        self.message_id = new_id()
        self.attempt = attempt
        self.first_failed = first_failed
        self.settled: tuple[object, ...] = ()

    async def ack(self) -> None:
        self.settled = ("ack",)

    async def retry(self, delay_seconds: float, *, counted: bool = True) -> None:
        self.settled = ("retry", delay_seconds, counted)

    async def dead_letter(self, reason: str) -> None:
        self.settled = ("dead", reason)
