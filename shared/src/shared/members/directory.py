"""Reading all members from auth-service: when a service starts, and now and then for what it may have missed."""

from shared.db.databases import Database
from shared.events.questions import MemberDirectory
from shared.members import repository
from shared.members.domain import member_of
from shared.messaging.bus import MAX_REQUEST_DEADLINE
from shared.messaging.requests import Requests
from shared.supervision import PeriodicTask

REREAD_SECONDS = 6 * 3600.0  # events tell of changes at once; this mends what an event could not
ASK_AGAIN_SECONDS = 2.0  # at the latest: auth-service may start after us


class DirectoryReader:
    def __init__(self, database: Database, requests: Requests) -> None:
        self._database = database
        self._requests = requests

    def task(self) -> PeriodicTask:
        """Begins with the service. Readiness depends on it: without the members nobody can be assigned anything."""
        return PeriodicTask(
            "read the members",
            REREAD_SECONDS,
            self.read,
            is_essential=True,
            begins_at_once=True,
            longest_pause=ASK_AGAIN_SECONDS,
        )

    async def read(self) -> None:
        """All of them, a transaction per page. Events that are newer than a page win."""
        question = MemberDirectory()
        while True:
            answer = await self._requests.ask(question, deadline=MAX_REQUEST_DEADLINE)
            async with self._database.system_work() as work:
                await repository.apply(work, [member_of(user, user.updated_at) for user in answer.members])
            if len(answer.members) < question.limit:
                return
            last = answer.members[-1]
            question = MemberDirectory(after_tenant=last.tenant_id, after_user=last.id)
