"""What is deleted after a while. Each table has a row that says why it is kept, how long, and what ends it.

Each kind of deletion is a periodic task of its own, so that a failure of one stops no other. It is no job, because
nobody has asked for it: what is due is in the rows themselves, and a round that was missed is made up by the next.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from shared.clock import Clock
from shared.db.databases import Database
from shared.db.due_rows import Backlog, DueDeletion, DueRows, backlog_of
from shared.db.portions import PORTION_ROWS, Portion
from shared.db.unit_of_work import Work
from shared.db.walked_rows import WalkedRows, WalkingDeletion
from shared.supervision import PeriodicTask
from shared.telemetry.metrics import Metrics

RETENTION_SECONDS = 600.0  # nothing of a service's own is noticed within minutes
MESSAGES_SECONDS = 3600.0  # the windows are a day and more: an hour more does not matter
WALK_SECONDS = 86_400.0  # a walk reads a whole table
MEASURE_SECONDS = 300.0  # alerts wait for hours

MOST_PORTIONS = 100
"""Transactions of one round. What is left begins the next at once: rounds that end show that the task works."""

FOR_EVER = "nothing: kept for ever"
AS_WRITTEN = "the write that adds one too many"
BY_ITS_USER = "its user, or who may delete it"

_ALONE = "select pg_try_advisory_xact_lock(hashtextextended('retention: ' || $1, 0)) as is_alone"


Retention = Callable[[Work, datetime], Awaitable[int]]
"""One portion, in one transaction; returns how many rows it has dealt with, 0 when nothing is left."""

DeletePortion = Callable[[Work, datetime], Awaitable[Portion]]
Measure = Callable[[Work, datetime], Awaitable[Backlog]]


class Pruning(NamedTuple):
    """A periodic task that deletes. `begin` is called once per process and returns what deletes one portion.

    `is_essential`: readiness depends on it, so what users do must not make it fail.
    """

    name: str
    begin: Callable[[], DeletePortion]
    measure: Measure | None = None
    interval: float = RETENTION_SECONDS
    is_essential: bool = False

    @classmethod
    def by_step(cls, name: str, step: Retention, due: DueRows | None = None) -> "Pruning":
        """`due` says what the step should have deleted, for the metrics."""
        return cls(name, lambda: partial(_portion_of_step, step), None if due is None else partial(backlog_of, due))

    @classmethod
    def of_rows(cls, name: str, due: DueRows, at_once: int = PORTION_ROWS) -> "Pruning":
        """Deletes the due rows themselves, `at_once` in a transaction: fewer where others go with each."""
        return cls(name, lambda: DueDeletion(due, at_once).delete, partial(backlog_of, due))

    @classmethod
    def by_walk(cls, name: str, walked: WalkedRows) -> "Pruning":
        """Once a day, and so up to a day late."""
        return cls(name, lambda: WalkingDeletion(walked).delete, interval=WALK_SECONDS)

    def for_messages(self) -> "Pruning":
        return self._replace(interval=MESSAGES_SECONDS, is_essential=True)


class Kept(NamedTuple):
    """The row of one table: what it holds, why it is kept, until when, and what ends it."""

    table: str
    holds: str
    because: str
    until: str
    ended_by: Pruning | str

    @property
    def ended(self) -> str:
        return task(self.ended_by.name) if isinstance(self.ended_by, Pruning) else self.ended_by


def end_of(thing: str) -> str:
    """What ends rows that are deleted together with another, by the same task or write."""
    return f"the end of the {thing}"


def task(name: str) -> str:
    """What ends rows that a periodic task elsewhere takes."""
    return f"the task `{name}`"


def days(time: timedelta) -> str:
    return "1 day" if time.days == 1 else f"{time.days} days"


def prunings_of(rows: Iterable[Kept]) -> tuple[Pruning, ...]:
    """Each once, though it may end rows of several tables."""
    return tuple({row.ended: row.ended_by for row in rows if isinstance(row.ended_by, Pruning)}.values())


def retention_tasks(
    database: Database, rows: Iterable[Kept], clock: Clock, metrics: Metrics, *, of: str = "rows"
) -> tuple[PeriodicTask, ...]:
    return pruning_tasks(database, prunings_of(rows), clock, metrics, of=of)


def pruning_tasks(
    database: Database, prunings: Iterable[Pruning], clock: Clock, metrics: Metrics, *, of: str
) -> tuple[PeriodicTask, ...]:
    """One for each pruning, and one that measures what all of them have left. `of` is part of the name of the last."""
    prunings = tuple(prunings)
    backlogs = Backlogs(database, prunings, clock, metrics)
    measuring = PeriodicTask(f"measure overdue {of}", MEASURE_SECONDS, backlogs.measure)
    return (*(_task(database, pruning, clock, metrics) for pruning in prunings), measuring)


class Backlogs:
    def __init__(self, database: Database, prunings: Iterable[Pruning], clock: Clock, metrics: Metrics) -> None:
        self._database = database
        self._measures = [(each.name, each.measure) for each in prunings if each.measure is not None]
        self._clock = clock
        self._metrics = metrics

    async def measure(self) -> None:
        """All of them, whichever fails; then raises the first failure."""
        failures: list[Exception] = []
        for name, measure in self._measures:
            try:
                await self._measure(name, measure)
            except Exception as error:
                failures.append(error)
        if failures:
            raise failures[0]

    async def _measure(self, name: str, measure: Measure) -> None:
        async with self._database.system_work() as work:
            backlog = await measure(work, self._clock.now())
        self._metrics.retention_backlog.labels(name).set(backlog.rows)
        self._metrics.retention_overdue.labels(name).set(backlog.seconds)


class _Rounds:
    """Every replica has its own; while one of them deletes, the others leave the table to it."""

    def __init__(self, database: Database, pruning: Pruning, clock: Clock, metrics: Metrics) -> None:
        self._database = database
        self._name = pruning.name
        self._delete = pruning.begin()
        self._clock = clock
        self._deleted = metrics.retention_deleted.labels(pruning.name)
        self._seconds = metrics.retention_portion.labels(pruning.name)
        self.go_on: Callable[[], None] = lambda: None

    async def run(self) -> int:
        """As long as there is something to delete, with rests as long as the work: others get half of the time."""
        count = 0
        for _ in range(MOST_PORTIONS):
            begun = time.monotonic()
            portion = await self._portion()
            count += portion.deleted
            if portion.is_last:
                return count
            await asyncio.sleep(time.monotonic() - begun)
        self.go_on()
        return count

    async def _portion(self) -> Portion:
        with self._seconds.time():
            async with self._database.system_work() as work:
                if not await _is_alone(work, self._name):
                    return Portion(0, is_last=True)
                portion = await self._delete(work, self._clock.now())
        self._deleted.inc(portion.deleted)
        return portion


def _task(database: Database, pruning: Pruning, clock: Clock, metrics: Metrics) -> PeriodicTask:
    rounds = _Rounds(database, pruning, clock, metrics)
    task = PeriodicTask(
        pruning.name,
        pruning.interval,
        rounds.run,
        is_essential=pruning.is_essential,
        first_interval=min(pruning.interval, RETENTION_SECONDS),
    )
    rounds.go_on = task.wake
    return task


async def _is_alone(work: Work, name: str) -> bool:
    """Until the end of the transaction no other replica works on this task."""
    [row] = await work.rows(_ALONE, name)
    is_alone: bool = row["is_alone"]
    return is_alone


async def _portion_of_step(step: Retention, work: Work, now: datetime) -> Portion:
    count = await step(work, now)
    return Portion(count, is_last=count == 0)
