"""One attempt at a job: the handler within its time, and what becomes of the job after it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from shared.db.failures import DatabaseUnavailable, TransactionConflict
from shared.db.unit_of_work import Work
from shared.errors import TesseraError
from shared.jobs.errors import GivenUp, JobLost, Postponed, RetryLater
from shared.jobs.job import Job
from shared.jobs.kinds import JobKind
from shared.jobs.metrics import JobMetrics
from shared.jobs.schedule import Schedule
from shared.telemetry.logs import get_logger

P = TypeVar("P")
Handler = Callable[[Job[P]], Awaitable[None]]
OnGivenUp = Callable[[Work, Job[P], str], Awaitable[None]]

AWAY = (DatabaseUnavailable, TransactionConflict)
"""A statement that took too long is among them. Where nothing can be written, the job is taken when its lease ends."""

HOOK_ATTEMPTS = 5
"""More attempts than those of the kind, for what follows from giving up."""


class Registered(NamedTuple):
    kind: JobKind[Any]
    handle: Handler[Any]
    on_given_up: OnGivenUp[Any] | None = None
    repeats: Schedule | None = None


class Attempt:
    """`is_handling`: only then may its task be cancelled; before and after the handler it ends by itself."""

    def __init__(self, job: Job[Any], registered: Registered) -> None:
        self.job = job
        self.is_handling = False
        self._registered = registered
        self._log = get_logger(
            job_id=str(job.id), kind=job.kind.name, attempt=job.attempt, tenant_id=str(job.tenant_id)
        )

    async def run(self, metrics: JobMetrics) -> None:
        job, started = self.job, time.monotonic()
        try:
            await self._run()
        except JobLost:
            job.outcome = "lost"
        except AWAY:
            self._log.warning("what came of a job could not be written down")
            job.outcome = "lost"
        metrics.ended(job.kind.name, job.outcome, time.monotonic() - started)

    async def _run(self) -> None:
        job = self.job
        if job.is_cancelled:
            await self._cancel()
        elif job.attempt > job.kind.retry.attempts:
            await self._give_up("Its worker has died at each attempt.")
        elif not job.is_readable:
            await self._give_up("Its payload does not fit its kind.")
        else:
            await self._try()

    async def _try(self) -> None:
        job = self.job
        try:
            async with asyncio.timeout(job.kind.timeout) as limit:
                await self._handle()
        except asyncio.CancelledError:
            if not job.is_cancelled:  # the worker ends, or has lost the job
                raise
            await self._cancel()
        except JobLost:
            raise
        except Postponed as error:
            async with job.begin() as work:
                await job.postpone(work, str(error), error.seconds)
        except GivenUp as error:
            await self._give_up(str(error))
        except RetryLater as error:
            await self._retry(str(error), error.seconds)
        except Exception as error:  # where the database is away, writing it down raises the same
            await self._failed(error, is_late=limit.expired())
        else:
            if not job.is_ended:
                async with job.work():
                    pass

    async def _handle(self) -> None:
        self.is_handling = True
        try:
            await self._registered.handle(self.job)
        finally:
            self.is_handling = False

    async def _failed(self, error: Exception, *, is_late: bool) -> None:
        if is_late:
            await self._retry(f"It took longer than {self.job.kind.timeout:g} seconds.")
            return
        is_known = isinstance(error, TesseraError)
        self._log.warning("a job failed", error=type(error).__name__, exc_info=None if is_known else error)
        await self._retry(type(error).__name__)

    async def _cancel(self) -> None:
        async with self.job.begin() as work:
            await self.job.cancelled(work)

    async def _retry(self, reason: str, seconds: float | None = None) -> None:
        if self.job.is_last_attempt:
            await self._give_up(reason)
            return
        async with self.job.begin() as work:
            await self.job.retry(work, reason, seconds)

    async def _give_up(self, reason: str) -> None:
        """Also when the hook of the kind fails: what is set aside is seen, what comes back for ever is not."""
        try:
            await self._set_aside(reason, self._hook())
        except (JobLost, *AWAY):
            raise
        except Exception:
            self._log.exception("what follows from giving up a job failed")
            await self._set_aside(reason, None)
        self._log.error("a job is given up", reason=reason)

    def _hook(self) -> OnGivenUp[Any] | None:
        """Not for ever: one that always finds the database away may itself be what it cannot do."""
        is_hopeless = self.job.attempt > self.job.kind.retry.attempts + HOOK_ATTEMPTS
        return self._registered.on_given_up if self.job.is_readable and not is_hopeless else None

    async def _set_aside(self, reason: str, on_given_up: OnGivenUp[Any] | None) -> None:
        self.job.outcome = ""  # what the handler has ended was rolled back
        async with self.job.begin() as work:
            if on_given_up is not None:
                await on_given_up(work, self.job, reason)
            if not self.job.is_ended:
                await self.job.give_up(work, reason)
