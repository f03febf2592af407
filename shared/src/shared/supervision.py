"""Background tasks of a process: held, logged and counted when they fail, started again, and part of readiness."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextvars import Context
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from shared.errors import Unavailable, UpstreamError, UpstreamTimeout
from shared.telemetry.logs import get_logger

STOP_SECONDS = 2.0
"""What a task gets to end after it was cancelled: long enough for a rollback."""

OUTAGES = (Unavailable, UpstreamError, UpstreamTimeout)
"""What a task works with is away. That has checks of its own and is no defect of the task."""

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, None]]


class Pace(NamedTuple):
    """Times are in seconds."""

    first_pause: float = 0.1
    """Before the second attempt; doubled for each further one."""
    longest_pause: float = 30.0
    failing_after: int = 5
    """So many failures within `window` say that starting again does not help."""
    window: float = 300.0
    stable: float = 30.0
    """A task that has run for so long works again."""

    def pause(self, failures: int, longest: float | None = None) -> float:
        """After that many failures in a row; shortened by up to a half at random, because replicas fail together."""
        doubled = self.first_pause * 2.0 ** min(failures - 1, 20)
        return min(longest or self.longest_pause, doubled) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter


LATE_AFTER_ROUNDS = 3
LATE_AFTER_SECONDS = 60.0
"""A periodic task is late when so many of its intervals and this have passed without a completed round."""


class TaskEnded(Exception):
    """A task that should run until it is cancelled has returned, or something else than a stop has cancelled it."""


@dataclass
class TaskState:
    """`rounds` counts what a periodic task has completed. `is_essential`: readiness depends on it.

    `interval`: seconds between two rounds of a periodic task, 0 for any other.
    """

    name: str
    is_essential: bool = True
    is_running: bool = False
    is_failing: bool = False
    started_at: float = 0.0
    failures: int = 0
    failures_in_row: int = 0
    restarts: int = 0
    rounds: int = 0
    interval: float = 0.0
    completed_at: float = 0.0
    recent: deque[float] = field(default_factory=deque)

    @property
    def round_age(self) -> float:
        """Seconds since a periodic task has completed a round, or since it was started."""
        return time.monotonic() - self.completed_at if self.interval else 0.0

    @property
    def is_late(self) -> bool:
        """Whatever the reason is: failures, outages that never end, or a round that never does."""
        return self.round_age > self.interval * LATE_AFTER_ROUNDS + LATE_AFTER_SECONDS

    def complete_round(self) -> None:
        self.rounds += 1
        self.completed_at = time.monotonic()
        self.recover()

    def recover(self) -> None:
        if self.is_failing:
            get_logger().info("a background task works again", task=self.name)
        self.is_failing, self.failures_in_row = False, 0
        self.recent.clear()


class PeriodicTask:
    """Calls `work` every `interval` seconds, and at once after `wake`.

    `jitter`: the share of the interval by which a rest may be shorter, so that replicas do not work at one moment.
    A failed round is repeated after a pause that grows up to `longest_pause` (the interval, 5 minutes at most).
    `first_interval`: before the first round, where waiting for `interval` would mean that a process which is replaced
    every day never works.
    A number that `work` returns is logged.
    `is_essential`: a defect of it takes the process out of service, so its work must not depend on what users wrote.
    """

    LONGEST_PAUSE_SECONDS = 300.0

    def __init__(
        self,
        name: str,
        interval: float,
        work: Callable[[], Awaitable[object]],
        *,
        jitter: float = 0.5,
        is_essential: bool = False,
        begins_at_once: bool = False,
        longest_pause: float | None = None,
        first_interval: float | None = None,
    ) -> None:
        self.name = name
        self.is_essential = is_essential
        self.longest_pause = longest_pause or min(interval, self.LONGEST_PAUSE_SECONDS)
        self.interval = interval
        self._work = work
        self._next_interval = first_interval or interval
        self._jitter = jitter
        self._is_due = begins_at_once
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    async def run(self, on_round: Callable[[], None] = lambda: None) -> None:
        """Until it is cancelled, or a round raises; called again it repeats that round. `on_round` follows each."""
        while True:
            if not self._is_due:
                await self._rest()
            self._is_due = True
            self._awake.clear()
            await self.run_once()
            self._is_due = False
            on_round()

    async def run_once(self) -> None:
        done = await self._work()
        if isinstance(done, int) and done > 0 and not isinstance(done, bool):
            get_logger().info("a periodic task is done", task=self.name, count=done)

    async def _rest(self) -> None:
        seconds = self._next_interval * random.uniform(1.0 - self._jitter, 1.0)  # noqa: S311 - jitter
        self._next_interval = self.interval
        await rest(self._awake, seconds)


class SupervisedTask:
    def __init__(self, state: TaskState, task: "asyncio.Task[None]", on_stop: Callable[[], None]) -> None:
        self._state = state
        self._task = task
        self._on_stop = on_stop

    @property
    def is_done(self) -> bool:
        return self._task.done()

    async def wait(self) -> None:
        """Until it has ended by itself."""
        await asyncio.wait([self._task])

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Cancels it and returns when it has ended, after `seconds` at the latest. Does nothing the second time."""
        self._task.cancel()
        _, pending = await asyncio.wait([self._task], timeout=seconds)
        if pending:
            get_logger().error(
                "a background task did not end when it was stopped", task=self._state.name, seconds=seconds
            )
        self._on_stop()


class Supervisor:
    """Starts background tasks and keeps them running until they are stopped."""

    def __init__(self, pace: Pace = Pace()) -> None:  # noqa: B008 - immutable
        self._pace = pace
        self._states: dict[str, TaskState] = {}
        self._tasks: dict[str, SupervisedTask] = {}
        self._included: list[Supervisor] = []

    def start(
        self,
        name: str,
        work: Work,
        *,
        is_essential: bool = True,
        may_return: bool = False,
        on_failure: Callable[[], None] = lambda: None,
    ) -> SupervisedTask:
        """`work` runs until it is stopped, or with `may_return` until it is done; after a failure it is called again.

        `on_failure` is called before that. While another task of that name runs, this one gets a number behind it.
        """
        state = self._state(name, is_essential=is_essential)
        return self._begin(state, self._supervise(state, work, None, on_failure, may_return=may_return))

    def start_periodic(self, periodic: PeriodicTask) -> SupervisedTask:
        state = self._state(periodic.name, is_essential=periodic.is_essential)
        state.interval, state.completed_at = periodic.interval, time.monotonic()

        async def work() -> None:
            await periodic.run(state.complete_round)

        return self._begin(state, self._supervise(state, work, periodic.longest_pause, lambda: None))

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Stops its own tasks together."""
        await asyncio.gather(*(task.stop(seconds) for task in tuple(self._tasks.values())))

    def include(self, other: "Supervisor") -> None:
        """Whose tasks are counted here too, and matter to readiness."""
        if other is not self and other not in self._included:
            self._included.append(other)

    def states(self) -> Iterator[TaskState]:
        for state in self._states.values():
            self._look(state)
            yield state
        for other in self._included:
            yield from other.states()

    def failing(self, *, only_essential: bool = False) -> list[str]:
        """Names of the tasks for which starting again does not help."""
        return sorted(
            {each.name for each in self.states() if each.is_failing and (each.is_essential or not only_essential)}
        )

    def late(self) -> list[str]:
        """Names of the periodic tasks that have completed no round for several of their intervals."""
        return sorted({each.name for each in self.states() if each.is_late})

    def _state(self, name: str, *, is_essential: bool) -> TaskState:
        number, free = 1, name
        while free in self._tasks and not self._tasks[free].is_done:
            number += 1
            free = f"{name} ({number})"
        state = self._states.setdefault(free, TaskState(free))
        state.is_essential = is_essential
        return state

    def _begin(self, state: TaskState, supervision: Coroutine[Any, Any, None]) -> SupervisedTask:
        task = asyncio.create_task(supervision, name=state.name)
        begun = SupervisedTask(state, task, lambda: self._remove(state, begun))
        self._tasks[state.name] = begun
        return begun

    def _remove(self, state: TaskState, stopped: SupervisedTask) -> None:
        """What was stopped on purpose is not failing. Another task may have the name by now."""
        if self._tasks.get(state.name) is stopped:
            state.is_failing, state.interval = False, 0.0
            del self._tasks[state.name]

    async def _supervise(
        self,
        state: TaskState,
        work: Work,
        longest_pause: float | None,
        on_failure: Callable[[], None],
        *,
        may_return: bool = False,
    ) -> None:
        while True:
            failure = await self._run(state, work, recovers_by_running=longest_pause is None)
            if failure is None and may_return:
                state.recover()
                return
            self._note(state, failure or TaskEnded("it returned"))
            on_failure()
            await asyncio.sleep(self._pace.pause(state.failures_in_row, longest_pause))
            state.restarts += 1

    async def _run(self, state: TaskState, work: Work, *, recovers_by_running: bool) -> Exception | None:
        task = asyncio.current_task()
        assert task is not None
        cancellations = task.cancelling()
        state.is_running, state.started_at = True, time.monotonic() if recovers_by_running else float("inf")
        try:
            await work()
        except asyncio.CancelledError:
            if task.cancelling() > cancellations:
                raise
            return TaskEnded("it was cancelled")  # by a library, which does so to what waits on a lost connection
        except Exception as error:
            return error
        finally:
            self._look(state)
            state.is_running = False
        return None

    def _look(self, state: TaskState) -> None:
        if state.is_running and state.failures_in_row and time.monotonic() - state.started_at >= self._pace.stable:
            state.recover()

    def _note(self, state: TaskState, failure: Exception) -> None:
        state.failures += 1
        state.failures_in_row += 1
        if not isinstance(failure, OUTAGES):
            self._judge(state)
        if state.failures_in_row & (state.failures_in_row - 1) == 0:  # 1, 2, 4, 8 ...: a long outage fills no log
            _log_failure(state, failure)

    def _judge(self, state: TaskState) -> None:
        now = time.monotonic()
        state.recent.append(now)
        while state.recent and now - state.recent[0] > self._pace.window:
            state.recent.popleft()
        if len(state.recent) >= self._pace.failing_after and not state.is_failing:
            state.is_failing = True
            get_logger().error("a background task keeps failing", task=state.name, is_essential=state.is_essential)


async def rest(awake: asyncio.Event, seconds: float) -> None:
    """For so long, or until somebody wakes."""
    try:
        async with asyncio.timeout(seconds):
            await awake.wait()
    except TimeoutError:
        return


class TaskSet:
    """Short tasks of single requests, connections or messages: held until they end, and logged when they fail."""

    __slots__ = ("_name", "_running")

    def __init__(self, name: str) -> None:
        self._name = name
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(
        self, work: Coroutine[Any, Any, T], *, context: Context | None = None, **ids: object
    ) -> "asyncio.Task[T]":
        """`ids` are logged with a failure."""
        task = asyncio.create_task(work, name=self._name, context=context)
        self._running.add(task)
        task.add_done_callback(lambda task: self._ended(task, ids))
        return task

    def cancel(self) -> None:
        for task in tuple(self._running):
            task.cancel()

    async def wait(self, seconds: float | None = None) -> None:
        """Until all have ended, or for so long."""
        if self._running:
            await asyncio.wait(tuple(self._running), timeout=seconds)

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        self.cancel()
        await self.wait(seconds)

    def _ended(self, task: "asyncio.Task[Any]", ids: dict[str, object]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            get_logger().error("a task failed", task=self._name, exc_info=error, **ids)


def _log_failure(state: TaskState, failure: Exception) -> None:
    logged = get_logger().bind(task=state.name, failures=state.failures_in_row, error=type(failure).__name__)
    if isinstance(failure, OUTAGES):
        logged.warning("a background task has to wait")
    else:
        logged.error("a background task failed and is started again", exc_info=failure)
