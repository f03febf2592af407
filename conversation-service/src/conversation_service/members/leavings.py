"""What follows when somebody leaves the tenant."""

from collections.abc import AsyncIterator
from datetime import datetime

from msgspec.structs import astuple

from conversation_service.answers import repository as answers
from conversation_service.chats import project_viewers as viewers
from conversation_service.chats.service import ChatService
from conversation_service.runs import repository as runs
from conversation_service.shares import repository as shares
from shared.db.unit_of_work import Work
from shared.jobs.job import Job
from shared.jobs.queue import JobQueue
from shared.members.leavings import EVER, Leaving, LeavingJobs, until

PORTION = 50  # chats or messages in a transaction: a chat takes about ten statements


class Leavings:
    def __init__(self, chats: ChatService, jobs: JobQueue) -> None:
        self._chats = chats
        self._jobs = LeavingJobs(jobs, self._steps)

    async def run(self, job: Job[Leaving]) -> None:
        await self._jobs.run(job)

    async def leave_tenant(self, work: Work, leaving: Leaving) -> None:
        """In the transaction that hears of it: rights end, a statement each; their chats are dealt with behind it."""
        tenant_id, user_id, _, left_at = astuple(leaving)
        await viewers.lock(work, user_id)
        await viewers.forget_everywhere(work, tenant_id, user_id, left_at)
        await shares.remove_all_of(work, tenant_id, user_id, left_at)
        last_written = await until(work, leaving)
        await runs.want_all_stopped(work, tenant_id, user_id, last_written)
        if last_written == EVER:  # of somebody who is back, the answers under way are new
            await answers.want_all_stopped(work, tenant_id, user_id)
        await self._jobs.add(work, leaving)

    async def _steps(self, work: Work, leaving: Leaving, last_written: datetime) -> AsyncIterator[int]:
        """How many things each step has dealt with. Names go first: they say who somebody was."""
        whose = (leaving.tenant_id, leaving.user_id, last_written, PORTION)
        yield await self._chats.forget_name(work, *whose)
        yield await self._chats.leave_groups(work, *whose)
