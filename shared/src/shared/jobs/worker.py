"""Takes jobs and runs them, several at once; any replica of a service may.

Jobs are leased. A worker renews its leases; what one had who died is taken by another when they run out. A worker is
woken by commits of its own process and by signals of the others, and looks by itself when it hears of none.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from shared.clock import Clock
from shared.db.databases import Database
from shared.ids import new_id
from shared.jobs import repository
from shared.jobs.attempt import AWAY, Attempt, Handler, OnGivenUp, Registered
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind, Limits, Nothing, Retry
from shared.jobs.metrics import JobMetrics
from shared.jobs.queue import JobQueue
from shared.jobs.repository import Room
from shared.jobs.schedule import Every, Schedule
from shared.messaging.bus import Bus
from shared.messaging.signals import Signal, Signals
from shared.supervision import PeriodicTask, TaskSet, rest
from shared.telemetry.logs import get_logger

P = TypeVar("P")

POLL_SECONDS = 5.0
SHORT_SECONDS = 0.05  # until a row that is due, and locked by somebody, is looked at again
LEASE_SECONDS = 30.0
BEAT_SECONDS = 1.0
RENEW_SECONDS = 5.0
ANNOUNCE_SECONDS = 0.05
MEASURE_SECONDS = 10.0
MOST_FAILURES = 3  # in a row, before the supervisor is told


class JobsAdded(Signal, frozen=True, kw_only=True):
    name = "jobs.added"
    service: str


class JobCancelled(Signal, frozen=True, kw_only=True):
    name = "jobs.cancelled"
    job_id: UUID


class _Run(NamedTuple):
    attempt: Attempt
    task: "asyncio.Task[None]"


class JobWorker:
    """Kinds are registered before it runs. `run`, `renew` and `announce` go on until they are cancelled."""

    def __init__(
        self, database: Database, queue: JobQueue, bus: Bus, clock: Clock, metrics: JobMetrics, service: str
    ) -> None:
        self._id = new_id()
        self._database = database
        self._signals = Signals(bus)
        self._clock = clock
        self._metrics = metrics
        self._service = service
        self._kinds: dict[str, Registered] = {}
        self._runs: dict[tuple[UUID, int], _Run] = {}  # of one job two, while the first attempt ends
        self._after_lanes: dict[str, str] = {}
        self._renewed_at = clock.now()
        self._awake, self._added = asyncio.Event(), asyncio.Event()
        self._tasks = TaskSet("job")
        queue.on_added, queue.on_cancel = self._added_here, self._cancelled_here

    def on(self, kind: JobKind[P], handle: Handler[P], on_given_up: OnGivenUp[P] | None = None) -> None:
        """`on_given_up` is called in the transaction that sets the job aside."""
        self._kinds[kind.name] = Registered(kind, handle, on_given_up)

    def repeat(self, name: str, repeats: Schedule, do: Callable[[], Awaitable[object]], timeout: float = 600.0) -> None:
        """Over all replicas one run at a time. One that fails twice more runs again when the next is due."""
        longest = repeats.seconds if isinstance(repeats, Every) else timeout
        kind = JobKind(name, Nothing, timeout, Retry(attempts=3, longest=longest), Limits(per_worker=1, total=1))

        async def handle(job: Job[Nothing]) -> None:
            if count := await do():
                get_logger().info("a repeated job is done", job=name, count=count)

        self._kinds[name] = Registered(kind, handle, repeats=repeats)

    def tasks(self) -> tuple[PeriodicTask | tuple[str, Callable[[], Any]], ...]:
        """For `run_alongside`."""
        measuring = PeriodicTask("measure jobs", MEASURE_SECONDS, self.measure, begins_at_once=True)
        return ("run jobs", self.run), ("renew leases of jobs", self.renew), ("announce jobs", self.announce), measuring

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Outlives outages of database and broker; what fails again and again is raised."""
        is_scheduled, failures = False, 0
        try:
            while True:
                self._awake.clear()
                try:
                    is_scheduled = is_scheduled or await self._schedule()
                    seconds, failures = await self._take(), 0
                except Exception as error:
                    seconds, failures = POLL_SECONDS, failures + 1
                    if failures >= MOST_FAILURES and not isinstance(error, AWAY):
                        raise
                    if failures == 1:
                        get_logger().warning(
                            "no jobs can be taken", exc_info=None if isinstance(error, AWAY) else error
                        )
                if seconds:
                    await rest(self._awake, seconds)
        finally:
            await self._stop()

    async def run_due(self) -> int:
        """Runs all that is due, and what follows from it; returns how many jobs. For tests, and nothing else runs."""
        await self._schedule()
        count = 0
        while not await self._take() or self._runs:
            count += len(self._runs)
            await asyncio.gather(*(run.task for run in self._runs.values()), return_exceptions=True)
        return count

    async def renew(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            try:
                await self._beat()
            except AWAY:
                continue  # leases last for several beats

    async def announce(self) -> None:
        """Tells the other replicas, once for all that was added meanwhile."""
        await self._signals.on(JobsAdded, lambda signal: self.wake() if signal.service == self._service else None)
        await self._signals.on(JobCancelled, lambda signal: self._cancel(signal.job_id))
        while True:
            await self._added.wait()
            self._added.clear()
            await self._signals.send(JobsAdded(service=self._service))
            await asyncio.sleep(ANNOUNCE_SECONDS)

    async def measure(self) -> None:
        self._metrics.show(await repository.depths(self._database, self._clock.now()), self._kinds)

    async def _schedule(self) -> bool:
        """Each repeated job has one row over all replicas; a new schedule counts from its next run on."""
        now = self._clock.now()
        for name, registered in sorted(self._kinds.items()):
            if registered.repeats is not None:
                async with self._database.system_work() as work:
                    await repository.keep_scheduled(work, name, registered.repeats, now)
        return True

    async def _take(self) -> float:
        """Seconds to rest: 0 when there may be more."""
        await self._beat(only_renew=True)  # a clock that has jumped must not take from us what we have
        rooms = [room for room in map(self._room, self._kinds.values()) if room.room > 0]
        if rooms and await self._take_some(rooms):
            return 0.0
        now = self._clock.now()
        soonest = min(await repository.look(self._database, now), default=None)
        if soonest is None or soonest > now:
            return POLL_SECONDS if soonest is None else min(POLL_SECONDS, (soonest - now).total_seconds())
        async with self._database.system_work() as work:
            staged = await repository.stage(work, now)
        return 0.0 if staged and rooms else SHORT_SECONDS

    async def _take_some(self, rooms: list[Room]) -> bool:
        now = self._clock.now()
        async with self._database.system_work(lock=repository.TAKE_LOCK) as work:
            taken = await repository.take(work, self._id, rooms, now, now + timedelta(seconds=LEASE_SECONDS))
        self._after_lanes |= taken.after_lanes
        for row in taken.rows:
            registered = self._kinds[row.kind]
            self._begin(Job(self._database, registered.kind, row, self._clock, registered.repeats))
        return taken.is_more

    def _room(self, registered: Registered) -> Room:
        kind = registered.kind
        here = sum(run.attempt.job.kind is kind for run in self._runs.values())
        total, per_tenant, per_key = kind.limits[1:]
        after = self._after_lanes.get(kind.name, "")
        return Room(kind.name, kind.limits.per_worker - here, total, per_tenant, per_key, kind.in_closed_tenants, after)

    def _begin(self, job: Job[Any]) -> None:
        attempt = Attempt(job, self._kinds[job.kind.name])
        task = self._tasks.start(attempt.run(self._metrics), job_id=str(job.id), kind=job.kind.name)
        self._runs[job.fence] = _Run(attempt, task)
        task.add_done_callback(lambda _task: self._finished(job))

    def _finished(self, job: Job[Any]) -> None:
        del self._runs[job.fence]
        self.wake()

    async def _beat(self, *, only_renew: bool = False) -> None:
        """Renews all leases every few seconds; in between it stores what jobs report."""
        now = self._clock.now()
        is_renewal = not timedelta() <= now - self._renewed_at < timedelta(seconds=RENEW_SECONDS)  # back, too
        runs = [run for run in self._runs.values() if is_renewal or (run.attempt.job.has_news and not only_renew)]
        if not runs:
            return
        beats = [run.attempt.job.beat() for run in runs]
        lease_until = now + timedelta(seconds=LEASE_SECONDS)
        async with self._database.system_work() as work:
            ours = await repository.beat(work, beats, lease_until)
        if is_renewal:
            self._renewed_at = now
        for run, beat in zip(runs, beats, strict=True):
            if ours.get((beat.id, beat.claim), True):  # to be cancelled, or lost
                _stop(run, is_cancelled=(beat.id, beat.claim) in ours)

    def _added_here(self) -> None:
        self.wake()
        self._added.set()

    def _cancelled_here(self, job_id: UUID) -> None:
        self._cancel(job_id)
        self._tasks.start(self._signals.send(JobCancelled(job_id=job_id)))

    def _cancel(self, job_id: UUID) -> None:
        for run in self._runs.values():
            if run.attempt.job.id == job_id:
                _stop(run, is_cancelled=True)

    async def _stop(self) -> None:
        """What it has is given back, and taken by others at once."""
        await self._tasks.stop()
        try:
            async with self._database.system_work() as work:
                await repository.give_back(work, self._id, self._clock.now())
        except AWAY:
            return  # the leases run out


def _stop(run: _Run, *, is_cancelled: bool) -> None:
    """One that has ended already goes on to its commit, one that has not begun sees it by itself."""
    if not run.attempt.job.is_ended:
        run.attempt.job.is_cancelled = is_cancelled
        if run.attempt.is_handling:
            run.task.cancel()
