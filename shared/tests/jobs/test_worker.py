"""What a job engine promises: each job once in effect, in order by key, within limits, retried, given up, cancelled."""

import asyncio
import contextlib
from datetime import timedelta
from uuid import UUID

import pytest
from job_fakes import ONE_BY_ONE, PARCEL, SHARED, Ledger, Parcel, Yard, take_all

from shared.db.databases import Database
from shared.db.failures import DatabaseUnavailable
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.jobs.attempt import HOOK_ATTEMPTS
from shared.jobs.errors import GivenUp, JobLost, Postponed, RetryLater
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind
from shared.jobs.queue import NewJob
from shared.jobs.repository import _DEPTHS
from shared.jobs.schedule import Every
from shared.testing.eventually import eventually

ACME, GLOBEX = UUID(int=1), UUID(int=2)


async def add(yard: Yard, *jobs: NewJob[Parcel], tenant_id: UUID = ACME, kind: JobKind[Parcel] = PARCEL) -> list[UUID]:
    async with yard.database.unit_of_work(tenant_id) as work:
        return await yard.queue.add_all(work, kind, jobs)


def parcel(name: str, **options: object) -> NewJob[Parcel]:
    return NewJob(Parcel(name), **options)


async def test_a_job_is_there_when_its_transaction_commits(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    with contextlib.suppress(RuntimeError):
        async with yard.database.unit_of_work(ACME) as work:
            await yard.queue.add(work, PARCEL, Parcel("never"))
            raise RuntimeError
    await add(yard, parcel("a"), parcel("b"))

    assert await worker.run_due() == 2
    assert sorted(ledger.names) == ["a", "b"]
    assert await yard.statuses() == {}


async def test_of_an_order_key_one_runs_after_another_also_while_the_first_waits(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    ledger.errors = [RetryLater("not yet")]
    await add(yard, parcel("1", order_key="k"), parcel("2", order_key="k"), parcel("other", order_key="l"))

    await worker.run_due()
    assert sorted(ledger.names) == ["1", "other"]
    assert await yard.statuses() == {"1": "scheduled", "2": "blocked"}

    await add(yard, parcel("3", order_key="k"))
    yard.clock.advance(10)
    await worker.run_due()
    assert [name for name in ledger.names if name != "other"] == ["1", "1", "2", "3"]


async def test_limits_hold_over_all_workers(yard: Yard) -> None:
    running: list[tuple[int, str]] = []
    release = asyncio.Event()

    async def handle(job: Job[Parcel]) -> None:
        running.append((job.tenant_id.int, job.payload.name))
        await release.wait()

    workers = [yard.worker(), yard.worker()]
    for tenant in (ACME, GLOBEX, UUID(int=3)):
        jobs = (parcel(key, concurrency_key=f"{tenant}{key}") for key in "aaaabbbb")
        await add(yard, *jobs, tenant_id=tenant, kind=SHARED)
    for worker in workers:
        worker.on(SHARED, handle)
        await take_all(worker)
    await asyncio.sleep(0.05)

    assert len(running) == 6
    for tenant in (1, 2, 3):
        of_tenant = [name for owner, name in running if owner == tenant]
        assert len(of_tenant) <= 3
        assert max(of_tenant.count("a"), of_tenant.count("b")) <= 2
    release.set()
    for worker in workers:
        await worker.run_due()
    await workers[0].run_due()
    assert len(running) == 24


async def test_a_job_that_fails_is_tried_again_and_set_aside_in_the_end(yard: Yard, ledger: Ledger) -> None:
    told: list[str] = []

    async def on_given_up(work: Work, job: Job[Parcel], reason: str) -> None:
        told.append(reason)

    worker = yard.worker()
    worker.on(PARCEL, ledger.handle, on_given_up)
    ledger.errors = [RuntimeError("secret")] * 3
    [job_id] = await add(yard, parcel("a"))
    for seconds in (0, 10, 40):
        yard.clock.advance(seconds)
        await worker.run_due()

    assert (ledger.names, told) == (["a"] * 3, ["RuntimeError"])
    assert await yard.statuses() == {"a": "failed"}
    async with yard.database.system_work() as work:
        assert await yard.queue.retry(work, job_id)
    await worker.run_due()
    assert await yard.statuses() == {}


async def test_a_postponed_attempt_does_not_count_and_a_hopeless_job_is_set_aside_at_once(
    yard: Yard, ledger: Ledger
) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    ledger.errors = [Postponed("busy", 1)] * 5 + [GivenUp("gone")]
    await add(yard, parcel("a"))
    for _ in range(6):
        await worker.run_due()
        yard.clock.advance(1)

    assert len(ledger.names) == 6
    assert await yard.statuses() == {"a": "failed"}


async def test_what_a_dead_worker_had_is_taken_over_and_its_late_effect_is_lost(yard: Yard, ledger: Ledger) -> None:
    hanging, release, lost = asyncio.Event(), asyncio.Event(), []

    async def hang(job: Job[Parcel]) -> None:
        hanging.set()
        await release.wait()
        try:
            async with job.work() as work:
                await work.execute("insert into notes (id, tenant_id, title) values ($1, $2, 'twice')", new_id(), ACME)
        except JobLost:
            lost.append(job.id)
            raise

    dead, alive = yard.worker(), yard.worker()
    dead.on(PARCEL, hang)
    alive.on(PARCEL, ledger.handle)
    await add(yard, parcel("a"))
    await take_all(dead)
    await hanging.wait()
    await alive.run_due()
    assert ledger.names == []

    yard.clock.advance(31)
    await alive.run_due()
    release.set()
    await eventually(lambda: len(lost) == 1)
    assert ledger.names == ["a"]
    assert await yard.database.system_rows("select from notes") == []


async def test_a_unique_key_has_one_job_and_one_added_while_it_runs_runs_once_more(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()

    async def handle(job: Job[Parcel]) -> None:
        await ledger.handle(job)
        if job.payload.name == "second":
            await add(yard, parcel("third", unique_key="u"))

    worker.on(PARCEL, handle)
    [first] = await add(yard, parcel("first", unique_key="u"))
    [second] = await add(yard, parcel("second", unique_key="u"))
    assert first == second
    await worker.run_due()
    assert ledger.names == ["second", "third"]
    assert await yard.statuses() == {}


async def test_a_job_that_waits_or_runs_is_cancelled(yard: Yard) -> None:
    started = asyncio.Event()

    async def hang(job: Job[Parcel]) -> None:
        started.set()
        await asyncio.sleep(60)

    worker = yard.worker()
    worker.on(PARCEL, hang)
    running, waiting = await add(yard, parcel("runs", order_key="k"), parcel("waits", order_key="k"))
    await take_all(worker)
    await started.wait()
    async with yard.database.unit_of_work(GLOBEX) as work:
        assert not await yard.queue.cancel(work, running)
    async with yard.database.unit_of_work(ACME) as work:
        assert await yard.queue.cancel(work, waiting)
        assert await yard.queue.cancel(work, running)

    async def is_over() -> bool:
        return await yard.statuses() == {"runs": "cancelled", "waits": "cancelled"}

    await eventually(is_over, within=2.0)


async def test_a_repeated_job_has_one_row_and_one_run_at_a_time(yard: Yard) -> None:
    runs: list[str] = []

    async def do() -> None:
        runs.append("run")

    workers = [yard.worker(), yard.worker()]
    for worker in workers:
        worker.repeat("sample.sweep", Every(60), do)
        await worker.run_due()
    assert runs == []
    for expected in (1, 2):
        yard.clock.advance(60)
        await asyncio.gather(*(worker.run_due() for worker in workers))
        assert len(runs) == expected
    yard.clock.advance(600)
    await workers[0].run_due()
    assert len(runs) == 3


async def test_progress_lines_and_lease_are_stored_while_it_runs(yard: Yard, database: Database) -> None:
    release = asyncio.Event()

    async def handle(job: Job[Parcel]) -> None:
        job.report(0.5, "half way")
        await release.wait()

    worker = yard.worker()
    worker.on(PARCEL, handle)
    await add(yard, parcel("a"))
    await take_all(worker)
    await asyncio.sleep(0)
    yard.clock.advance(20)
    await worker._beat()
    yard.clock.advance(20)

    [row] = await database.system_rows("select progress, log, due_at > $1 as is_leased from jobs", yard.clock.now())
    assert row == {"progress": 0.5, "log": "half way\n", "is_leased": True}
    release.set()
    await worker.run_due()


async def test_a_payload_that_nobody_understands_is_set_aside_and_keeps_no_other_from_running(
    yard: Yard, ledger: Ledger, database: Database
) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    await add(yard, parcel("strange"), parcel("plain"))
    async with database.system_work() as work:
        await work.execute("update jobs set payload = '{}' where payload ->> 'name' = 'strange'")
    await worker.run_due()

    assert ledger.names == ["plain"]
    [row] = await database.system_rows("select status, error from jobs")
    assert row == {"status": "failed", "error": "Its payload does not fit its kind."}


async def test_a_job_that_kills_its_worker_each_time_is_set_aside(
    yard: Yard, ledger: Ledger, database: Database
) -> None:
    async def hang(job: Job[Parcel]) -> None:
        await asyncio.sleep(60)

    await add(yard, parcel("poison"))
    for _ in range(PARCEL.retry.attempts):
        dying = yard.worker()
        dying.on(PARCEL, hang)
        await take_all(dying)
        yard.clock.advance(31)
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    await worker.run_due()

    assert ledger.names == []
    [row] = await database.system_rows("select status, error from jobs")
    assert row == {"status": "failed", "error": "Its worker has died at each attempt."}


async def test_a_job_that_fails_just_when_it_is_cancelled_never_runs_again(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()

    async def handle(job: Job[Parcel]) -> None:
        ledger.names.append(job.payload.name)
        async with yard.database.system_work() as work:  # another replica: its signal is lost
            await work.execute("update jobs set cancel_requested = true")
        raise RetryLater("later", 3600)

    worker.on(PARCEL, handle)
    await add(yard, parcel("a"))
    await worker.run_due()

    assert ledger.names == ["a"]
    assert await yard.statuses() == {"a": "cancelled"}


async def test_what_an_orderly_worker_has_when_it_ends_is_taken_by_another_at_once(yard: Yard, ledger: Ledger) -> None:
    started = asyncio.Event()

    async def hang(job: Job[Parcel]) -> None:
        started.set()
        await asyncio.sleep(60)

    ending, other = yard.worker(), yard.worker()
    ending.on(PARCEL, hang)
    other.on(PARCEL, ledger.handle)
    await add(yard, parcel("a"))
    running = asyncio.create_task(ending.run())
    await started.wait()
    running.cancel()
    await asyncio.wait([running])
    await other.run_due()

    assert ledger.names == ["a"]


async def test_one_tenants_backlog_keeps_no_other_tenant_waiting(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    await add(yard, *(parcel(f"acme {number}") for number in range(500)))
    await add(yard, parcel("globex"), tenant_id=GLOBEX)
    await take_all(worker)
    await eventually(lambda: "globex" in ledger.names)

    assert len(ledger.names) <= PARCEL.limits.per_worker


async def test_a_closed_tenants_jobs_wait_until_it_is_restored(yard: Yard, ledger: Ledger, database: Database) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    await add(yard, parcel("a"))
    async with database.system_work() as work:
        await work.execute("insert into tenant_closures values ($1, 'closed', now())", ACME)
    await worker.run_due()
    assert ledger.names == []

    async with database.system_work() as work:
        await work.execute("update tenant_closures set state = 'open'")
    await worker.run_due()
    assert ledger.names == ["a"]


async def test_a_job_that_comes_back_at_once_is_one_job_to_its_worker(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()

    async def handle(job: Job[Parcel]) -> None:
        await ledger.handle(job)
        if len(ledger.names) < 20:
            async with job.begin() as work:
                await job.postpone(work, "more is left", 0)
            await asyncio.sleep(0.02)  # another take finds the row before this attempt has ended

    worker.on(PARCEL, handle)
    await add(yard, parcel("a"))
    running = asyncio.create_task(worker.run())
    await eventually(lambda: len(ledger.names) == 20)
    await eventually(lambda: not worker._runs)
    running.cancel()

    assert await yard.statuses() == {}


async def test_a_worker_whose_clock_jumps_keeps_what_it_has(yard: Yard, ledger: Ledger) -> None:
    release = asyncio.Event()

    async def handle(job: Job[Parcel]) -> None:
        await ledger.handle(job)
        await release.wait()

    worker = yard.worker()
    worker.on(PARCEL, handle)
    await add(yard, parcel("a"))
    await take_all(worker)
    await eventually(lambda: ledger.names == ["a"])
    yard.clock.advance(3600)
    await take_all(worker)
    release.set()
    await worker.run_due()

    assert ledger.names == ["a"]


async def test_what_comes_back_waits_behind_what_came_later(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(ONE_BY_ONE, ledger.handle)
    ledger.errors = [Postponed("more is left", 0)] * 2
    await add(yard, parcel("large"), parcel("small"), kind=ONE_BY_ONE)
    await worker.run_due()

    assert ledger.names == ["large", "small", "large", "small"]


async def test_a_job_is_set_aside_although_what_should_follow_from_it_fails(yard: Yard, ledger: Ledger) -> None:
    async def on_given_up(work: Work, job: Job[Parcel], reason: str) -> None:
        await work.execute("insert into notes (id, tenant_id, title) values ($1, $2, 'half')", new_id(), ACME)
        raise RuntimeError

    worker = yard.worker()
    worker.on(PARCEL, ledger.handle, on_given_up)
    ledger.errors = [GivenUp("gone")]
    await add(yard, parcel("a"))
    await worker.run_due()

    assert await yard.statuses() == {"a": "failed"}
    assert await yard.database.system_rows("select from notes") == []


async def test_what_a_handler_ended_and_rolled_back_is_not_ended(yard: Yard) -> None:
    async def handle(job: Job[Parcel]) -> None:
        async with job.work() as work:
            await job.complete(work)
            raise GivenUp("no")

    worker = yard.worker()
    worker.on(PARCEL, handle)
    await add(yard, parcel("a"))
    await worker.run_due()

    assert await yard.statuses() == {"a": "failed"}


async def test_what_a_failed_attempt_has_told_is_kept(yard: Yard, database: Database) -> None:
    async def handle(job: Job[Parcel]) -> None:
        job.report(0.9, f"attempt {job.attempt}")
        raise RetryLater("no") if job.attempt == 1 else GivenUp("never")

    worker = yard.worker()
    worker.on(PARCEL, handle)
    await add(yard, parcel("a"))
    await worker.run_due()
    yard.clock.advance(10)
    await worker.run_due()

    [row] = await database.system_rows("select log, error from jobs")
    assert row == {"log": "attempt 1\nattempt 2\n", "error": "never"}


async def test_tenants_take_turns_when_one_place_becomes_free_at_a_time(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(ONE_BY_ONE, ledger.handle)
    await add(yard, *(parcel(f"acme {number}") for number in range(30)), kind=ONE_BY_ONE)
    await add(yard, parcel("globex 1"), parcel("globex 2"), tenant_id=GLOBEX, kind=ONE_BY_ONE)
    await worker.run_due()

    assert ledger.names[:4] == ["acme 0", "globex 1", "acme 1", "globex 2"]
    assert len(ledger.names) == 32


async def test_every_one_of_many_tenants_has_its_turn(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(ONE_BY_ONE, ledger.handle)
    worker.on(PARCEL, ledger.handle)  # an idle kind changes nothing
    for number in range(210):
        jobs = [parcel(f"{number} {name}") for name in "ab"]
        await add(yard, *jobs, tenant_id=UUID(int=number), kind=ONE_BY_ONE)
    await worker.run_due()

    assert {name.split()[0] for name in ledger.names[:210]} == {str(number) for number in range(210)}


async def test_a_key_that_is_paused_waits_and_keeps_no_other_waiting(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    async with yard.database.unit_of_work(ACME) as work:
        await yard.queue.pause(work, PARCEL, "down", yard.clock.now() + timedelta(seconds=60))
        await yard.queue.pause(work, PARCEL, "off")
    keys = ("down", "off", "up", None)
    await add(yard, *(parcel(key or "plain", concurrency_key=key) for key in keys))
    await add(yard, parcel("down there", concurrency_key="down"), tenant_id=GLOBEX)
    await worker.run_due()
    assert sorted(ledger.names) == ["down there", "plain", "up"]

    yard.clock.advance(60)
    await worker.run_due()
    assert ledger.names[3:] == ["down"]
    async with yard.database.unit_of_work(ACME) as work:
        await yard.queue.resume(work, PARCEL, "off")
    await worker.run_due()
    assert ledger.names[4:] == ["off"]


async def test_a_job_added_again_after_it_was_cancelled_runs_although_the_attempt_fails(
    yard: Yard, ledger: Ledger
) -> None:
    worker = yard.worker()

    async def handle(job: Job[Parcel]) -> None:
        await ledger.handle(job)
        if job.payload.name == "old":
            async with yard.database.system_work() as work:  # by another replica
                await work.execute("update jobs set cancel_requested = true")
            await add(yard, parcel("new", unique_key="u"))
            raise RetryLater("later", 3600)

    worker.on(PARCEL, handle)
    await add(yard, parcel("old", unique_key="u"))
    await worker.run_due()

    assert ledger.names == ["old", "new"]


async def test_rows_that_others_have_locked_stop_nobody(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    ledger.errors = [RetryLater("head waits", 600)]
    await add(yard, parcel("head", order_key="k"))
    await worker.run_due()
    await add(yard, parcel("behind", order_key="k"), parcel("locked"), parcel("free"))
    async with yard.database.system_work() as work:
        await work.rows("select from jobs where payload ->> 'name' in ('behind', 'locked') for update")
        await asyncio.create_task(worker.run_due())
        assert ledger.names == ["head", "free"]
    await worker.run_due()

    assert ledger.names == ["head", "free", "locked"]


async def test_a_lease_that_cannot_be_renewed_now_keeps_no_other_from_being_renewed(
    yard: Yard, database: Database
) -> None:
    release = asyncio.Event()

    async def handle(job: Job[Parcel]) -> None:
        await release.wait()

    worker = yard.worker()
    worker.on(PARCEL, handle)
    await add(yard, parcel("locked"), parcel("free"))
    await take_all(worker)
    yard.clock.advance(20)
    async with database.system_work() as work:
        await work.rows("select from jobs where payload ->> 'name' = 'locked' for update")
        await asyncio.create_task(worker._beat())
    rows = await database.system_rows("select payload ->> 'name' as name from jobs where due_at > $1", yard.clock.now())
    assert len(rows) == 2
    yard.clock.advance(11)
    rows = await database.system_rows("select payload ->> 'name' as name from jobs where due_at > $1", yard.clock.now())

    assert [row["name"] for row in rows] == ["free"]
    release.set()
    await worker.run_due()


async def test_a_worker_whose_clock_is_put_back_goes_on_renewing(yard: Yard, ledger: Ledger) -> None:
    release = asyncio.Event()

    async def handle(job: Job[Parcel]) -> None:
        await ledger.handle(job)
        await release.wait()

    worker = yard.worker()
    worker.on(PARCEL, handle)
    yard.clock.advance(-120)
    await add(yard, parcel("a"))
    await take_all(worker)
    for _ in range(3):
        yard.clock.advance(20)
        await worker._beat()
    await take_all(worker)
    release.set()
    await worker.run_due()

    assert ledger.names == ["a"]


async def test_the_time_of_a_blocked_job_is_kept(yard: Yard, ledger: Ledger) -> None:
    worker = yard.worker()
    worker.on(PARCEL, ledger.handle)
    ledger.errors = [RetryLater("later", 10)]
    await add(yard, parcel("first", order_key="k"), parcel("second", order_key="k", unique_key="u"))
    await worker.run_due()
    at = yard.clock.now() + timedelta(seconds=60)
    await add(yard, parcel("second", order_key="k", unique_key="u", at=at))
    yard.clock.advance(10)
    await worker.run_due()
    assert ledger.names == ["first", "first"]

    yard.clock.advance(50)
    await worker.run_due()
    assert ledger.names == ["first", "first", "second"]


async def test_a_new_schedule_counts_although_the_job_is_just_due(yard: Yard, database: Database) -> None:
    async def do() -> None: ...

    before, after = yard.worker(), yard.worker()
    before.repeat("sample.sweep", Every(86_400), do)
    after.repeat("sample.sweep", Every(60), do)
    await before.run_due()
    yard.clock.advance(86_400)
    async with database.system_work() as work:
        await work.execute("update jobs set status = 'queued'")  # another replica has staged it
    await after.run_due()

    [row] = await database.system_rows("select due_at from jobs")
    assert row["due_at"] == yard.clock.now() + timedelta(seconds=60)


@pytest.mark.parametrize("reason", ["a\0b", "\ud800", "x" * 10_000])
async def test_any_reason_can_be_stored(yard: Yard, reason: str) -> None:
    async def handle(job: Job[Parcel]) -> None:
        job.report(line=reason)
        raise GivenUp(reason)

    worker = yard.worker()
    worker.on(PARCEL, handle)
    await add(yard, parcel("a"))
    await worker.run_due()

    assert await yard.statuses() == {"a": "failed"}


async def test_a_statement_that_takes_too_long_is_a_failure_with_a_pause(yard: Yard, database: Database) -> None:
    async def handle(job: Job[Parcel]) -> None:
        async with job.work() as work:
            await work.execute("set local statement_timeout = 10")
            await work.execute("select pg_sleep(1)")

    worker = yard.worker()
    worker.on(PARCEL, handle)
    await add(yard, parcel("a"))
    await worker.run_due()

    [row] = await database.system_rows("select status, error, due_at from jobs")
    assert row == {
        "status": "scheduled",
        "error": "DatabaseUnavailable",
        "due_at": yard.clock.now() + timedelta(seconds=10),
    }


async def test_a_hook_that_always_finds_the_database_away_is_left_out_in_the_end(yard: Yard, ledger: Ledger) -> None:
    async def on_given_up(work: Work, job: Job[Parcel], reason: str) -> None:
        raise DatabaseUnavailable

    worker = yard.worker()
    worker.on(PARCEL, ledger.handle, on_given_up)
    ledger.errors = [GivenUp("gone")] * 20
    await add(yard, parcel("a"))
    for _ in range(PARCEL.retry.attempts + HOOK_ATTEMPTS + 1):
        await worker.run_due()
        yard.clock.advance(31)

    assert await yard.statuses() == {"a": "failed"}


async def test_failed_jobs_hide_none_that_wait(yard: Yard, database: Database) -> None:
    await add(yard, parcel("waits"), parcel("closed"))
    async with database.system_work() as work:
        await work.execute("insert into tenant_closures values ($1, 'closed', now())", GLOBEX)
        await work.execute("update jobs set tenant_id = $1 where payload ->> 'name' = 'closed'", GLOBEX)
        await work.execute(
            """
            insert into jobs (id, kind, payload, status, due_at, created_at, ended_at)
            select gen_random_uuid(), 'sample.parcel', '{}', 'failed', now(), now(), now() from generate_series(1, 50)
            """
        )
    later = yard.clock.now() + timedelta(seconds=90)
    [row] = await database.system_rows(_DEPTHS + " having status = 'queued'", later, 10)

    assert (row["jobs"], row["age"]) == (2, 90)


async def test_a_job_that_comes_before_the_one_that_runs_and_that_one_block_each_other_never(
    yard: Yard, ledger: Ledger
) -> None:
    worker = yard.worker()

    async def handle(job: Job[Parcel]) -> None:
        await ledger.handle(job)
        if ledger.names == ["first", "second"]:
            async with yard.database.system_work() as work:
                assert await yard.queue.retry(work, first)
            await take_all(worker)  # finds the first one behind the second one, which runs
            raise RetryLater("later", 10)

    worker.on(PARCEL, handle)
    ledger.errors = [GivenUp("gone")]
    first, _ = await add(yard, parcel("first", order_key="k"), parcel("second", order_key="k"))
    await worker.run_due()
    yard.clock.advance(10)
    await worker.run_due()

    assert sorted(ledger.names) == ["first", "first", "second", "second"]
    assert await yard.statuses() == {}
