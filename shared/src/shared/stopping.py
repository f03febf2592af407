"""Stopping a process: every step is run whatever became of the others, and all together take a bounded time."""

import asyncio
from collections.abc import Awaitable, Callable

from shared.telemetry.logs import get_logger

STOP_SECONDS = 18.0
"""For all steps of the applications: with LEAST_SECONDS and what closes behind them a process ends within 25 s."""

STEP_SECONDS = 16.0
"""More than the longest step takes: clients are sent away over 10 s, and the last of them get 5 s to answer."""

LEAST_SECONDS = 0.2
"""What a step gets when the steps before it have used up the time."""

ABANDON_SECONDS = 0.5
"""What a step gets to end after it was cancelled, before it is left behind."""

Step = Callable[[], Awaitable[object]]


class StopBudget:
    """The time that one stop may take; it begins to run when this is made, inside the event loop."""

    def __init__(self, seconds: float = STOP_SECONDS) -> None:
        self._loop = asyncio.get_running_loop()
        self._ends_at = self._loop.time() + seconds

    def share(self, seconds: float = STEP_SECONDS) -> float:
        """`seconds`, or what is left of them, and never less than LEAST_SECONDS."""
        return max(LEAST_SECONDS, min(seconds, self._ends_at - self._loop.time()))

    async def run(self, name: str, step: Step, seconds: float = STEP_SECONDS) -> None:
        await run_step(name, step, self.share(seconds))


async def run_step(name: str, step: Step, seconds: float) -> None:
    """Returns when the step has ended or its time is over. A failure is logged, never raised.

    Runs to its end also when the caller is cancelled meanwhile, which is raised afterwards.
    """
    task = asyncio.ensure_future(_call(step))
    cancelled: asyncio.CancelledError | None = None
    ends_at = asyncio.get_running_loop().time() + seconds
    while not task.done():
        left = ends_at - asyncio.get_running_loop().time()
        try:
            _, pending = await asyncio.wait([task], timeout=max(0.0, left))
        except asyncio.CancelledError as error:
            cancelled = error
            continue
        if pending:
            await _abandon(name, task, seconds)
            break
    _log_outcome(name, task)
    if cancelled is not None:
        raise cancelled


async def run_steps(steps: "list[tuple[str, Step]]", seconds: float) -> None:
    """One after the other, each for at most `seconds`."""
    cancelled: asyncio.CancelledError | None = None
    for name, step in steps:
        try:
            await run_step(name, step, seconds)
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


async def _call(step: Step) -> None:
    await step()


async def _abandon(name: str, task: "asyncio.Task[None]", seconds: float) -> None:
    get_logger().error("a stop step took too long and was cut off", step=name, seconds=round(seconds, 1))
    task.cancel()
    await asyncio.wait([task], timeout=ABANDON_SECONDS)


def _log_outcome(name: str, task: "asyncio.Task[None]") -> None:
    if not task.done():
        return
    if task.cancelled():
        get_logger().warning("a stop step was cancelled", step=name)
    elif (error := task.exception()) is not None:
        get_logger().error("a stop step failed", step=name, exc_info=error)
