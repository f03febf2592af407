"""A job in the hands of its handler."""

from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from functools import cached_property
from typing import Generic, TypeVar
from uuid import UUID

import msgspec

from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.jobs import repository
from shared.jobs.errors import JobLost
from shared.jobs.kinds import JobKind
from shared.jobs.repository import Beat, TakenRow
from shared.jobs.schedule import Schedule, schedule_of

P = TypeVar("P")

LINE_LENGTH = 500
MOST_LINES = 200
"""Of those that are not stored yet, the newest."""


class Job(Generic[P]):
    """`attempt` counts from 1. `is_cancelled`: somebody wants it cancelled.

    Every method that ends the attempt does so in the handler's transaction. It raises JobLost, which must leave the
    transaction, when the job is not ours any more: so an effect that is written in that transaction happens once.
    """

    def __init__(
        self, database: Database, kind: JobKind[P], row: TakenRow, clock: Clock, repeats: Schedule | None = None
    ) -> None:
        self.id: UUID = row.id
        self.kind = kind
        self.tenant_id = row.tenant_id
        self.attempt = row.attempts
        self.fence = row.fence
        self.created_at: datetime = row.created_at
        self.is_cancelled = row.cancel_requested
        self.outcome = ""  # of the attempt, when it has ended
        self.lines: deque[str] = deque(maxlen=MOST_LINES)
        self.progress: float | None = None
        self._row = row
        self._repeats = repeats or (None if row.repeats is None else schedule_of(row.repeats))
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

    def begin(self) -> AbstractAsyncContextManager[Work]:
        """A unit of work of the job's tenant, system work where it has none; it does not end the job."""
        return self._database.system_work() if self.tenant_id is None else self._database.unit_of_work(self.tenant_id)

    def report(self, progress: float | None = None, line: str | None = None) -> None:
        """`progress` from 0 to 1, and a line for the job's log; both are stored within about a second."""
        self.progress = self.progress if progress is None else progress
        if line is not None:
            self.lines.append(clean(line))

    def beat(self) -> Beat:
        """What is to be stored of it, once."""
        progress, self.progress = self.progress, None
        return Beat(*self._row.fence, progress, self._told())

    async def complete(self, work: Work) -> None:
        """One that repeats is scheduled again. Raises JobLost."""
        next_at = None if self._repeats is None else self._repeats.after(self._clock.now())
        await self._end(work, await repository.complete(work, self._row, next_at), "done")

    async def retry(self, work: Work, reason: str, seconds: float | None = None) -> None:
        """After `seconds`, or as the kind has it. Jobs behind it wait. Raises JobLost."""
        pause = self.kind.retry.pause(self.attempt) if seconds is None else seconds
        await self._release(work, self._at(pause), self.attempt, reason, "retried")

    async def postpone(self, work: Work, reason: str, seconds: float) -> None:
        """The attempt does not count. Raises JobLost."""
        await self._release(work, self._at(seconds), self.attempt - 1, reason, "postponed")

    async def give_up(self, work: Work, reason: str) -> None:
        """It is set aside, to be looked at; one that repeats runs at its next time. Raises JobLost."""
        now = self._clock.now()
        if self._repeats is not None:
            await self._release(work, self._repeats.after(now), 0, reason, "retried")
        else:
            is_ours = await repository.set_aside(work, self._row, "failed", clean(reason), self._told(), now)
            await self._end(work, is_ours, "given_up")

    async def cancelled(self, work: Work) -> None:
        """It has stopped because somebody cancelled it. Raises JobLost."""
        is_ours = await repository.set_aside(work, self._row, "cancelled", None, self._told(), self._clock.now())
        await self._end(work, is_ours, "cancelled")

    async def _release(self, work: Work, due_at: datetime, attempts: int, reason: str, outcome: str) -> None:
        is_ours = await repository.release(work, self._row, due_at, attempts, clean(reason), self._told())
        self._check(is_ours, outcome)

    async def _end(self, work: Work, is_ours: bool, outcome: str) -> None:
        self._check(is_ours, outcome)
        if self._row.line is not None:
            await repository.unblock_next(work, self._row.kind, self._row.line, self._clock.now())

    def _check(self, is_ours: bool, outcome: str) -> None:
        if not is_ours:
            raise JobLost
        self.outcome = outcome

    def _told(self) -> str:
        lines = "".join(f"{line}\n" for line in self.lines)
        self.lines.clear()
        return lines

    def _at(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)


def clean(text: str) -> str:
    """What can be stored of a line or a reason, whoever wrote it."""
    return text[:LINE_LENGTH].replace("\0", "").encode(errors="replace").decode()
