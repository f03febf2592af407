"""Erasing deleted tenants: a job for each, which takes turns with others, and outlives failures and replicas."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

import pytest

from shared.clock import SystemClock
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.jobs.kinds import JobKind, Nothing
from shared.jobs.queue import JobQueue
from shared.personal_data import JOBS, erasure_steps
from shared.tenant_closures.erasure import ERASURE, PORTIONS_AT_ONCE, SETTLED_AFTER, Erasure, add_erasure
from shared.tenant_closures.repository import ClosureState, note
from shared.testing.callers import ACME, GLOBEX
from shared.testing.erasure import LaterClock, closure_of, erasing_worker, waits_for_its_hour
from shared.testing.eventually import eventually

NOW = datetime.now(UTC)
OTHER = JobKind("sample.other", Nothing)


@pytest.fixture
async def replicas(sample_config: DatabaseConfig) -> AsyncIterator[list[Database]]:
    async with open_databases(sample_config, sample_config._replace(name="other_replica", models=())) as opened:
        yield list(opened.values())


class Walked:
    """A step that finds a number of portions of each tenant; `failing` are those of whom it can delete nothing."""

    def __init__(self, *failing: UUID, portions: dict[UUID, int] | None = None) -> None:
        self.tenant_ids: list[UUID] = []
        self.most_at_once = 0
        self.failing = set(failing)
        self._at_once: list[UUID] = []
        self._portions = portions or {}

    async def __call__(self, _work: Work, tenant_id: UUID, _limit: int) -> int:
        self.tenant_ids.append(tenant_id)
        if tenant_id in self.failing:
            raise ConnectionError
        self._at_once.append(tenant_id)
        self.most_at_once = max(self.most_at_once, self._at_once.count(tenant_id))
        await asyncio.sleep(0)
        self._at_once.remove(tenant_id)
        left = self._portions.get(tenant_id, 0)
        self._portions[tenant_id] = left - 1
        return int(left > 0)


async def deleted(database: Database, number: int) -> list[UUID]:
    tenant_ids = [new_id() for _ in range(number)]
    async with database.system_work() as work:
        for tenant_id in tenant_ids:
            await note(work, tenant_id, ClosureState.DELETED, NOW)
            await add_erasure(work, JobQueue(SystemClock()), Erasure(tenant_id))
    return tenant_ids


async def states(database: Database, tenant_ids: Iterable[UUID]) -> list[str | None]:
    return [await closure_of(database, tenant_id) for tenant_id in tenant_ids]


async def test_those_that_wait_for_their_hour_keep_no_other_waiting(database: Database) -> None:
    tenant_ids = await deleted(database, 20)
    step = Walked()

    await erasing_worker(database, [step], SystemClock()).run_due()
    early = await states(database, tenant_ids)
    assert await waits_for_its_hour(database)
    await erasing_worker(database, [step], LaterClock(SETTLED_AFTER)).run_due()

    assert step.tenant_ids == [*tenant_ids, *tenant_ids]
    assert early == ["deleted"] * 20
    assert await states(database, tenant_ids) == ["erased"] * 20


async def test_what_is_found_after_the_hour_is_deleted_and_looked_for_once_more(database: Database) -> None:
    [tenant_id] = await deleted(database, 1)
    step = Walked(portions={tenant_id: 1})

    await erasing_worker(database, [step], LaterClock(SETTLED_AFTER)).run_due()

    assert step.tenant_ids == [tenant_id] * 3, "one finds it, one ends the walk, and one is a walk that finds nothing"
    assert await closure_of(database, tenant_id) == "erased"


async def test_a_tenant_that_cannot_be_erased_keeps_no_other_waiting_and_is_tried_again(database: Database) -> None:
    first, *others = await deleted(database, 3)
    step = Walked(first)
    async with database.system_work() as work:
        await work.execute("update jobs set attempts = 10000")  # however often it has failed

    worker = erasing_worker(database, [step], LaterClock(SETTLED_AFTER))
    await worker.run_due()

    assert step.tenant_ids == [first, *others]
    assert await states(database, [first, *others]) == ["deleted", "erased", "erased"]
    [job] = await database.system_rows("select tenant_id, status, error from jobs")
    assert job == {"tenant_id": first, "status": "scheduled", "error": "ConnectionError"}
    step.failing.clear()
    await erasing_worker(database, [step], LaterClock(2 * SETTLED_AFTER)).run_due()
    assert await closure_of(database, first) == "erased"


async def test_a_large_tenant_takes_turns_with_others(database: Database) -> None:
    large, small = await deleted(database, 2)
    step = Walked(portions={large: 2 * PORTIONS_AT_ONCE, small: 1})

    await erasing_worker(database, [step], SystemClock()).run_due()

    turns = [tenant_id for tenant_id, _ in groupby(step.tenant_ids)]
    assert turns[:3] == [large, small, large]
    assert step.tenant_ids.index(small) == PORTIONS_AT_ONCE
    assert await waits_for_its_hour(database)


async def test_operators_see_how_far_an_erasure_is(database: Database) -> None:
    await deleted(database, 1)
    portions = [2_000]

    async def first(_work: Work, _tenant_id: UUID, _limit: int) -> int:
        return portions.pop() if portions else 0

    async def hang(_work: Work, _tenant_id: UUID, _limit: int) -> int:
        await asyncio.Event().wait()
        return 0

    async def is_shown() -> bool:
        [job] = await database.system_rows("select progress, log from jobs")
        return bool(job["progress"] == 0.0 and "2000 rows are deleted.\n" in job["log"])

    worker = erasing_worker(database, [first, hang], SystemClock())
    running = [asyncio.create_task(run()) for run in (worker.run, worker.renew)]
    await eventually(is_shown)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def test_replicas_work_on_different_tenants(replicas: list[Database]) -> None:
    database = replicas[0]
    tenant_ids = await deleted(database, 6)
    step = Walked(portions=dict.fromkeys(tenant_ids, 3))

    workers = [erasing_worker(each, [step], LaterClock(SETTLED_AFTER)) for each in replicas]
    await asyncio.gather(*(worker.run_due() for worker in workers))

    assert step.most_at_once == 1
    assert await states(database, tenant_ids) == ["erased"] * 6


async def test_jobs_of_a_deleted_tenant_are_deleted_but_for_the_one_that_erases_it(database: Database) -> None:
    jobs = JobQueue(SystemClock())
    [tenant_id] = await deleted(database, 1)
    async with database.system_work() as work:
        for owner in (tenant_id, GLOBEX, None):
            await jobs.add(work, OTHER, Nothing(), tenant_id=owner)

    await erasing_worker(database, erasure_steps([JOBS]), SystemClock()).run_due()

    left = await database.system_rows("select kind, tenant_id from jobs order by seq")
    assert {(row["kind"], row["tenant_id"]) for row in left} == {
        (OTHER.name, GLOBEX),
        (OTHER.name, None),
        (ERASURE.name, tenant_id),
    }
    await erasing_worker(database, erasure_steps([JOBS]), LaterClock(SETTLED_AFTER)).run_due()
    assert await closure_of(database, tenant_id) == "erased"
    assert await database.system_rows("select from jobs where tenant_id = $1", tenant_id) == []


async def test_of_a_tenant_that_is_not_deleted_nothing_is_erased(database: Database) -> None:
    step = Walked(portions={ACME: 1, GLOBEX: 1})
    async with database.system_work() as work:
        await note(work, ACME, ClosureState.CLOSED, NOW)
        for tenant_id in (ACME, GLOBEX):
            await add_erasure(work, JobQueue(SystemClock()), Erasure(tenant_id))

    await erasing_worker(database, [step], LaterClock(SETTLED_AFTER)).run_due()

    assert step.tenant_ids == []
    assert await closure_of(database, ACME) == "closed"
    assert await database.system_rows("select from jobs") == []
