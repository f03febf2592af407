"""Operations on jobs in any order, over a real database, and what must hold after each of them and in the end."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from job_fakes import Parcel, Yard, take_all

from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.jobs.errors import GivenUp, Postponed, RetryLater
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind, Limits, Retry
from shared.jobs.queue import NewJob
from shared.jobs.worker import RENEW_SECONDS, JobWorker

RETRY = Retry(attempts=3, first=10.0, jitter=0.0)
WIDE = JobKind("machine.wide", Parcel, timeout=600.0, retry=RETRY)
NARROW = JobKind(
    "machine.narrow", Parcel, timeout=600.0, retry=RETRY, limits=Limits(per_worker=3, total=4, per_tenant=3, per_key=2)
)
TENANTS = (UUID(int=1), UUID(int=2))
WORKERS = 2
UNFINISHED = ("scheduled", "queued", "blocked", "running")
ROUNDS_TO_THE_END = 3
"""Each runs all that is due an hour later than the one before: in the first every handler succeeds."""

OUTCOMES: dict[str, Exception | None] = {
    "done": None,
    "retry": RetryLater("not yet"),
    "postpone": Postponed("busy", 5.0),
    "give up": GivenUp("hopeless"),
    "crash": ValueError("a bug"),
}


class Options(NamedTuple):
    kind: JobKind[Parcel]
    tenant_id: UUID
    order_key: str | None
    concurrency_key: str | None
    unique_key: str | None
    delay: int
    priority: int


OPTIONS = st.builds(
    Options,
    kind=st.sampled_from((WIDE, NARROW)),
    tenant_id=st.sampled_from(TENANTS),
    order_key=st.sampled_from((None, "a", "a", "b")),
    concurrency_key=st.sampled_from((None, "x", "y")),
    unique_key=st.sampled_from((None, None, "u", "v")),
    delay=st.sampled_from((0, 0, 0, 5, 40)),
    priority=st.sampled_from((0, 1)),
)


class Run(NamedTuple):
    """A handler that waits to be told how it ends."""

    job: Job[Parcel]
    task: "asyncio.Task[Any]"
    ending: "asyncio.Future[str]"


class Added(NamedTuple):
    job_id: UUID
    name: str
    options: Options


class JobMachine(RuleBasedStateMachine):
    """Two workers and their successors; the machine decides when each takes, renews, ends a job, stops or dies."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        """`owed`: of each job the payload with which it has to run, unless it fails or is cancelled."""
        super().__init__()
        self.runner = runner
        self.yard = Yard(database)
        self.runs: list[Run] = []
        self.added: list[Added] = []
        self.effects: Counter[str] = Counter()
        self.owed: dict[UUID, str] = {}
        self.cancelled: set[UUID] = set()
        self.retried: set[UUID] = set()
        self.violations: list[str] = []
        self.is_over = False

    @initialize()
    def begin(self) -> None:
        self.runner.run(self._begin())

    @rule(several=st.lists(OPTIONS, min_size=1, max_size=3))
    def add(self, several: list[Options]) -> None:
        for options in several:
            self.runner.run(self._add(options))

    @rule(number=st.integers(0, WORKERS - 1))
    def take(self, number: int) -> None:
        self.runner.run(self._take(self.workers[number]))

    @rule(number=st.integers(0, 20), outcome=st.sampled_from(("done", *OUTCOMES)))
    def end(self, number: int, outcome: str) -> None:
        if self.runs:
            self.runner.run(self._end(self.runs.pop(number % len(self.runs)), outcome))

    @rule(number=st.integers(0, 20))
    def cancel(self, number: int) -> None:
        if self.added:
            self.runner.run(self._cancel(self.added[number % len(self.added)]))

    @rule(number=st.integers(0, 20))
    def retry(self, number: int) -> None:
        if self.added:
            self.runner.run(self._retry(self.added[number % len(self.added)]))

    @rule(tenant_id=st.sampled_from(TENANTS), key=st.sampled_from(("x", "y")))
    def pause(self, tenant_id: UUID, key: str) -> None:
        self.runner.run(self._pause(tenant_id, key))

    @rule(tenant_id=st.sampled_from(TENANTS), key=st.sampled_from(("x", "y")))
    def resume(self, tenant_id: UUID, key: str) -> None:
        self.runner.run(self._resume(tenant_id, key))

    @rule(seconds=st.sampled_from((1, 10, 45)))
    def advance(self, seconds: int) -> None:
        self.yard.clock.advance(seconds)

    @rule(number=st.integers(0, WORKERS - 1), outcome=st.sampled_from(tuple(OUTCOMES)))
    def stall(self, number: int, outcome: str) -> None:
        """One worker takes over what the others had, and one of their attempts ends after that."""
        theirs = [run for run in self.runs if run.task not in self._tasks_of(self.workers[number])]
        self.yard.clock.advance(45)
        self.runner.run(self._take(self.workers[number]))
        for run in theirs[:1]:
            self.runs.remove(run)
            self.runner.run(self._end(run, outcome))

    @rule(number=st.integers(0, WORKERS - 1))
    def renew(self, number: int) -> None:
        self.runner.run(self._renew(self.workers[number]))

    @rule(number=st.integers(0, WORKERS - 1), is_killed=st.booleans())
    def replace_worker(self, number: int, is_killed: bool) -> None:
        self.runner.run(self._replace(number, is_killed))

    @invariant()
    def nothing_is_lost_twice_out_of_order_or_over_a_limit(self) -> None:
        self.runner.run(self._check())

    def teardown(self) -> None:
        self.runner.run(self._run_to_the_end())

    async def _begin(self) -> None:
        async with self.yard.database.system_work() as work:
            await work.execute("delete from jobs")
            await work.execute("delete from job_pauses")
        self.workers = [self._worker() for _ in range(WORKERS)]

    def _tasks_of(self, worker: JobWorker) -> list[object]:
        return [run.task for run in worker._runs.values()]

    def _worker(self) -> JobWorker:
        worker = self.yard.worker()
        for kind in (WIDE, NARROW):
            worker.on(kind, self._handle, self._on_given_up)
        return worker

    async def _handle(self, job: Job[Parcel]) -> None:
        if job.id in self.cancelled:
            self.violations.append(f"{job.payload.name} was cancelled and begins again")
        if not self.is_over:
            await self._until_told(job)
        async with job.work():
            pass
        self.effects[job.payload.name] += 1
        self._settle(job)

    async def _until_told(self, job: Job[Parcel]) -> None:
        task = asyncio.current_task()
        assert task is not None
        run = Run(job, task, asyncio.get_running_loop().create_future())
        self.runs.append(run)
        if (error := OUTCOMES[await run.ending]) is not None:
            raise error

    async def _on_given_up(self, work: Work, job: Job[Parcel], reason: str) -> None:
        work.after_commit(lambda: self._settle(job))

    def _settle(self, job: Job[Parcel]) -> None:
        if self.owed.get(job.id) == job.payload.name:
            del self.owed[job.id]

    async def _add(self, options: Options) -> None:
        name = f"job {len(self.added)}"
        job = NewJob(
            Parcel(name),
            order_key=options.order_key,
            concurrency_key=options.concurrency_key,
            unique_key=None if options.unique_key is None else f"{options.tenant_id} {options.unique_key}",
            at=self.yard.clock.now() + timedelta(seconds=options.delay),
            priority=options.priority,
        )
        async with self.yard.database.unit_of_work(options.tenant_id) as work:
            job_id = await self.yard.queue.add(work, options.kind, job)
        self.added.append(Added(job_id, name, options))
        self.owed[job_id] = name
        self.cancelled.discard(job_id)

    async def _take(self, worker: JobWorker) -> None:
        await take_all(worker)
        await self._collect()  # a renewal on the way may have found attempts that are lost
        for task in [run.task for run in worker._runs.values()]:
            while not task.done() and all(run.task is not task for run in self.runs):
                await asyncio.sleep(0)

    async def _end(self, run: Run, outcome: str) -> None:
        before = await self._rows()
        run.ending.set_result(outcome)
        await asyncio.gather(run.task, return_exceptions=True)
        if (*run.job.fence, "running") not in [(row["id"], row["claim"], row["status"]) for row in before]:
            assert await self._rows() == before, "an attempt whose lease is over has changed something"

    async def _cancel(self, added: Added) -> None:
        is_unfinished = any(row["id"] == added.job_id and row["status"] in UNFINISHED for row in await self._rows())
        async with self.yard.database.unit_of_work(added.options.tenant_id) as work:
            assert await self.yard.queue.cancel(work, added.job_id) == is_unfinished
        if is_unfinished:
            self.cancelled.add(added.job_id)
            self.owed.pop(added.job_id, None)
        await self._collect()

    async def _retry(self, added: Added) -> None:
        async with self.yard.database.unit_of_work(added.options.tenant_id) as work:
            is_retried = await self.yard.queue.retry(work, added.job_id)
        if is_retried:
            self.retried.add(added.job_id)
            self.cancelled.discard(added.job_id)
            [self.owed[added.job_id]] = [row["name"] for row in await self._rows() if row["id"] == added.job_id]

    async def _pause(self, tenant_id: UUID, key: str) -> None:
        async with self.yard.database.unit_of_work(tenant_id) as work:
            await self.yard.queue.pause(work, WIDE, key, self.yard.clock.now() + timedelta(seconds=45))

    async def _resume(self, tenant_id: UUID, key: str) -> None:
        async with self.yard.database.unit_of_work(tenant_id) as work:
            await self.yard.queue.resume(work, WIDE, key)

    async def _renew(self, worker: JobWorker) -> None:
        worker._renewed_at -= timedelta(seconds=RENEW_SECONDS)
        await worker._beat()
        await self._collect()

    async def _replace(self, number: int, is_killed: bool) -> None:
        """One that is stopped gives its jobs back, one that is killed does nothing any more."""
        worker = self.workers[number]
        await (worker._tasks.stop() if is_killed else worker._stop())
        self.workers[number] = self._worker()
        await self._collect()

    async def _collect(self) -> None:
        """Handlers that were told to stop have stopped."""
        stopping = [run.task for run in self.runs if run.task.cancelling()]
        await asyncio.gather(*stopping, return_exceptions=True)
        self.runs = [run for run in self.runs if not run.task.done()]

    async def _check(self) -> None:
        assert self.violations == []
        rows = await self._rows()
        running = [row for row in rows if row["status"] == "running"]
        self._check_limits([row for row in running if row["kind"] == NARROW.name])
        for row in running:
            if row["order_key"] is not None:
                self._check_order(row, [other for other in rows if _key(other) == _key(row)])
        for added in self.added:
            assert added.options.unique_key is not None or self.effects[added.name] <= 1, f"{added.name} ran twice"

    def _check_limits(self, running: list[dict[str, Any]]) -> None:
        limits = NARROW.limits
        assert len(running) <= limits.total
        for name, limit in (("tenant_id", limits.per_tenant), ("lane", limits.per_key)):
            assert all(count <= limit for count in Counter(row[name] for row in running).values()), name

    def _check_order(self, running: dict[str, Any], of_key: list[dict[str, Any]]) -> None:
        assert [row for row in of_key if row["status"] == "running"] == [running], "two of one order key"
        in_front = [row for row in of_key if row["seq"] < running["seq"] and row["status"] in UNFINISHED]
        assert [row for row in in_front if row["id"] not in self.retried] == [], "it has overtaken another"

    async def _run_to_the_end(self) -> None:
        self.is_over = True
        while self.runs:
            await self._end(self.runs.pop(), "done")
        for _ in range(ROUNDS_TO_THE_END):
            self.yard.clock.advance(3600)
            for worker in self.workers:
                await worker.run_due()
        await self._check()
        assert [row for row in await self._rows() if row["status"] in UNFINISHED] == [], "it never runs"
        assert self.owed == {}, "it is lost"

    async def _rows(self) -> list[dict[str, Any]]:
        sql = """
            select id, seq, kind, tenant_id, lane, order_key, status, claim, payload ->> 'name' as name
            from jobs order by seq
        """
        return await self.yard.database.system_rows(sql)


def _key(row: dict[str, Any]) -> tuple[object, ...]:
    return row["kind"], row["tenant_id"], row["order_key"]
