"""Ends that cross each other: cancelled and retried, added anew and given up."""

import asyncio
from uuid import UUID

from job_fakes import PARCEL, Ledger, Parcel, Yard

from shared.jobs.errors import GivenUp, RetryLater
from shared.jobs.job import Job
from shared.jobs.queue import NewJob
from shared.jobs.worker import JobWorker
from shared.testing.eventually import eventually

ACME, GLOBEX = UUID(int=1), UUID(int=2)


class Stage:
    """A handler that hangs until it is told how to end."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.release = asyncio.Event()
        self.error: Exception | None = None

    async def handle(self, job: Job[Parcel]) -> None:
        self.started.append(job.payload.name)
        await self.release.wait()
        if self.error is not None:
            raise self.error


async def add(yard: Yard, name: str, tenant_id: UUID = ACME, **options: object) -> UUID:
    async with yard.database.unit_of_work(tenant_id) as work:
        return await yard.queue.add(work, PARCEL, NewJob(Parcel(name), **options))


async def cancel(yard: Yard, job_id: UUID) -> bool:
    async with yard.database.unit_of_work(ACME) as work:
        return await yard.queue.cancel(work, job_id)


async def hanging(yard: Yard, stage: Stage) -> JobWorker:
    """A worker whose handler has begun."""
    worker = yard.worker()
    worker.on(PARCEL, stage.handle)
    await worker._take()
    await eventually(lambda: len(stage.started) == 1)
    return worker


async def test_a_job_that_is_cancelled_while_its_worker_dies_does_not_run_again(yard: Yard, ledger: Ledger) -> None:
    first, _ = await add(yard, "first", order_key="k"), await add(yard, "second", order_key="k")
    dead = await hanging(yard, Stage())
    alive = yard.worker()
    alive.on(PARCEL, ledger.handle)
    await dead._tasks.stop()

    assert await cancel(yard, first)
    yard.clock.advance(31)
    await alive.run_due()

    assert ledger.names == ["second"]
    assert await yard.statuses() == {"first": "cancelled"}


async def test_a_job_that_is_cancelled_while_its_handler_asks_for_a_retry_does_not_run_again(yard: Yard) -> None:
    stage = Stage()
    stage.error = RetryLater("not yet")
    job_id = await add(yard, "first", order_key="k")
    await add(yard, "second", order_key="k")
    worker = await hanging(yard, stage)
    yard.worker()  # hears of the cancelling instead of the first

    assert await cancel(yard, job_id)
    stage.release.set()
    await eventually(lambda: len(worker._runs) == 0)
    stage.error = None
    yard.clock.advance(60)
    await worker.run_due()

    assert stage.started == ["first", "second"]
    assert await yard.statuses() == {"first": "cancelled"}


async def test_what_is_added_anew_while_a_run_gives_up_runs(yard: Yard) -> None:
    stage = Stage()
    stage.error = GivenUp("gone")
    await add(yard, "old", unique_key="u")
    worker = await hanging(yard, stage)
    await add(yard, "new", unique_key="u")

    stage.release.set()
    await eventually(lambda: len(worker._runs) == 0)
    stage.error = None
    await worker.run_due()

    assert stage.started == ["old", "new"]
    assert await yard.statuses() == {}


async def test_what_is_added_anew_after_its_run_was_cancelled_runs(yard: Yard) -> None:
    stage = Stage()
    job_id = await add(yard, "old", unique_key="u")
    worker = await hanging(yard, stage)
    heard, yard.queue.on_cancel = yard.queue.on_cancel, lambda job_id: None
    assert await cancel(yard, job_id)
    await add(yard, "new", unique_key="u")

    heard(job_id)
    await eventually(lambda: len(worker._runs) == 0)
    stage.release.set()
    await worker.run_due()

    assert stage.started == ["old", "new"]
    assert await yard.statuses() == {}


async def test_tenants_with_one_order_key_do_not_wait_for_each_other(yard: Yard, ledger: Ledger) -> None:
    ledger.errors = [RetryLater("not yet")]
    await add(yard, "acme", order_key="k")
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    await worker.run_due()
    await add(yard, "globex", GLOBEX, order_key="k")

    await worker.run_due()

    assert ledger.names == ["acme", "globex"]
    assert await yard.statuses() == {"acme": "scheduled"}


async def test_a_failed_job_is_not_retried_beside_a_newer_one_of_its_unique_key(yard: Yard, ledger: Ledger) -> None:
    ledger.errors = [GivenUp("gone")]
    old = await add(yard, "old", unique_key="u")
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    await worker.run_due()
    await add(yard, "new", unique_key="u")

    async with yard.database.unit_of_work(ACME) as work:
        assert not await yard.queue.retry(work, old)
    assert await yard.statuses() == {"old": "failed", "new": "queued"}


async def test_a_job_that_is_cancelled_before_its_handler_has_begun_ends(yard: Yard, ledger: Ledger) -> None:
    job_id = await add(yard, "a")
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    await worker._take()
    worker._cancel(job_id)
    await eventually(lambda: len(worker._runs) == 0)

    assert ledger.names == []
    assert await yard.statuses() == {"a": "cancelled"}
