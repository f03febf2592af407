"""Reading all members from auth-service: when a service starts, and now and then for what it may have missed."""

import asyncio

from shared.db.databases import Database
from shared.errors import TesseraError
from shared.events.questions import MemberDirectory
from shared.members import repository
from shared.members.domain import member_of
from shared.messaging.bus import MAX_REQUEST_DEADLINE
from shared.messaging.requests import Requests
from shared.telemetry.logs import get_logger

REREAD_SECONDS = 6 * 3600.0  # events tell of changes at once; this mends what an event could not
ASK_AGAIN_SECONDS = 1.0


class DirectoryReader:
    def __init__(self, database: Database, requests: Requests) -> None:
        self._database = database
        self._requests = requests

    async def run(self) -> None:
        """Until it is cancelled; asks again for as long as auth-service does not answer."""
        while True:
            try:
                await self.read()
            except TesseraError as error:
                get_logger().info("the members cannot be read yet", code=error.code)
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            else:
                await asyncio.sleep(REREAD_SECONDS)

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
