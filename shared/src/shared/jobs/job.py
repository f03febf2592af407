"""A job in the hands of its handler."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec

from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.jobs import repository
from shared.jobs.errors import JobLost
from shared.jobs.kinds import JobKind
from shared.jobs.repository import TakenRow
from shared.jobs.schedule import schedule_of

P = TypeVar("P")

LINE_LENGTH = 500


class Job(Generic[P]):
    """`attempt` counts from 1. `is_cancelled`: somebody wants it cancelled.

    Every method that ends the attempt does so in the handler's transaction. It raises JobLost, which must leave the
    transaction, when the job is not ours any more: so an effect that is written in that transaction happens once.
    """

    def __init__(self, database: Database, kind: JobKind[P], row: TakenRow, clock: Clock) -> None:
        self.id: UUID = row.id
        self.kind = kind
        self.tenant_id = row.tenant_id
        self.attempt = row.attempts
        self.created_at: datetime = row.created_at
        self.is_cancelled = row.cancel_requested
        self.outcome = ""  # of the attempt, when it has ended
        self.lines: list[str] = []
        self.progress: float | None = None
        self._row = row
        self._database = database
        self._clock = clock

    @cached_property
    def payload(self) -> P:
        """Raises msgspec.DecodeError for one that this version does not understand."""
        return msgspec.json.decode(self._row.payload, type=self.kind.payload)

    @property
    def is_ended(self) -> bool:
        return bool(self.outcome)

    @property
    def is_readable(self) -> bool:
        try:
            return self.payload is not None
        except msgspec.DecodeError:
            return False

    @property
    def is_last_attempt(self) -> bool:
        return self.attempt >= self.kind.retry.attempts

    @property
    def has_news(self) -> bool:
        return bool(self.lines) or self.progress is not None

    @asynccontextmanager
    async def work(self) -> AsyncIterator[Work]:
        """The effect and the end of the job, in one transaction of the job's tenant. Raises JobLost."""
        async with self.begin() as work:
            yield work
            if not self.is_ended:
                await self.complete(work)

    def begin(self) -> Any:
        """A unit of work of the job's tenant, system work where it has none; it does not end the job."""
        return self._database.system_work() if self.tenant_id is None else self._database.unit_of_work(self.tenant_id)

    def report(self, progress: float | None = None, line: str | None = None) -> None:
        """`progress` from 0 to 1, and a line for the job's log; both are stored within about a second."""
        self.progress = self.progress if progress is None else progress
        if line is not None:
            self.lines.append(line[:LINE_LENGTH].replace("\0", ""))

    async def complete(self, work: Work) -> None:
        """One that repeats is scheduled again. Raises JobLost."""
        now, repeats = self._clock.now(), self._row.repeats
        next_at = None if repeats is None else schedule_of(repeats).after(now)
        await self._end(work, await repository.complete(work, self._row, next_at), "done")

    async def retry(self, work: Work, reason: str, seconds: float | None = None) -> None:
        """After `seconds`, or as the kind has it. Jobs behind it wait. Raises JobLost."""
        pause = self.kind.retry.pause(self.attempt) if seconds is None else seconds
        self._check(await repository.release(work, self._row, self._at(pause), self.attempt, reason), "retried")

    async def postpone(self, work: Work, reason: str, seconds: float) -> None:
        """The attempt does not count. Raises JobLost."""
        is_ours = await repository.release(work, self._row, self._at(seconds), self.attempt - 1, reason)
        self._check(is_ours, "postponed")

    async def give_up(self, work: Work, reason: str) -> None:
        """It is set aside, to be looked at; one that repeats runs at its next time. Raises JobLost."""
        if self._row.repeats is None:
            is_ours = await repository.set_aside(work, self._row, "failed", reason, self._clock.now())
        else:
            next_at = schedule_of(self._row.repeats).after(self._clock.now())
            is_ours = await repository.release(work, self._row, next_at, 0, reason)
        await self._end(work, is_ours, "given_up")

    async def cancelled(self, work: Work) -> None:
        """It has stopped because somebody cancelled it. Raises JobLost."""
        is_ours = await repository.set_aside(work, self._row, "cancelled", None, self._clock.now())
        await self._end(work, is_ours, "cancelled")

    async def _end(self, work: Work, is_ours: bool, outcome: str) -> None:
        self._check(is_ours, outcome)
        if self._row.order_key is not None:
            await repository.unblock_next(work, self._row.kind, self.tenant_id, self._row.order_key)

    def _check(self, is_ours: bool, outcome: str) -> None:
        if not is_ours:
            raise JobLost
        self.outcome = outcome

    def _at(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)
