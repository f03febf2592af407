"""Dealing with what members had who have left, in portions.

The transaction that hears of it writes a row into `leavings`, and a periodic task works that off. However much there
is, a transaction deals with one portion, and what a process leaves when it dies is found by the next one.
"""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.members import leavings, repository
from shared.members.leavings import Leaving
from shared.supervision import PeriodicTask
from shared.telemetry.logs import get_logger

TASK = "clear what former members had"
ROUND_SECONDS = 60.0  # what a process that died has left waits no longer
AT_ONCE = 100  # members who take turns: one with many things does not keep the others waiting
RETRY_AFTER = timedelta(minutes=5)  # one that fails is left out meanwhile: any number of them hold up nobody
EVER = datetime.max.replace(tzinfo=UTC)

Steps = Callable[[Work, Leaving, datetime], AsyncIterator[int]]
"""Each step deals with a portion of one kind of what they had, and yields how many things it was, 0 when none is left.

The time is until when something must have been written last to count as had: `until` below.
"""


class LeavingTask:
    def __init__(self, database: Database, steps: Steps, clock: Clock) -> None:
        self._database = database
        self._steps = steps
        self._clock = clock
        self.task = PeriodicTask(TASK, ROUND_SECONDS, self.work_off, begins_at_once=True)

    async def add(self, work: Work, leaving: Leaving) -> None:
        """In the transaction in which they leave."""
        await leavings.add(work, leaving, self._clock.now())
        work.after_commit(self.task.wake)

    async def work_off(self) -> int:
        """A portion of each member who has left; the next round follows at once where there is more.

        Returns how many things were dealt with. Replicas may do it at the same time. A failure stops nobody else.
        """
        async with self._database.system_work() as work:
            waiting = await leavings.find(work, self._clock.now(), AT_ONCE)
        count, failures = 0, list[Exception]()
        for leaving in waiting:
            try:
                count += await self._portion(leaving)
            except Exception as error:
                get_logger(tenant_id=str(leaving.tenant_id), user_id=str(leaving.user_id)).exception(
                    "things of a former member could not be dealt with"
                )
                failures.append(error)
                await self._postpone(leaving)
        if count or len(waiting) == AT_ONCE:
            self.task.wake()
        if failures:
            raise failures[0]
        return count

    async def _portion(self, leaving: Leaving) -> int:
        """In one transaction. Returns 0 also when they have left again, or another replica is at it."""
        async with self._database.unit_of_work(leaving.tenant_id) as work:
            if not await leavings.lock(work, leaving):
                return 0
            now = self._clock.now()
            count = await self._first_portion(work, leaving)
            if count:
                await leavings.postpone(work, leaving, now)  # behind the others
            else:
                await leavings.remove(work, leaving)
            return count

    async def _first_portion(self, work: Work, leaving: Leaving) -> int:
        """Of the first step that has something left; 0 when none has."""
        async for count in self._steps(work, leaving, await until(work, leaving)):
            if count:
                return count
        return 0

    async def _postpone(self, leaving: Leaving) -> None:
        async with self._database.unit_of_work(leaving.tenant_id) as work:
            await leavings.postpone(work, leaving, self._clock.now() + RETRY_AFTER)


async def until(work: Work, leaving: Leaving) -> datetime:
    """When they had left, where they are known to be back. Else any time: what others wrote since is meant as well."""
    if leaving.project_id is None and await repository.is_member(work, leaving.tenant_id, leaving.user_id):
        return leaving.left_at
    return EVER
