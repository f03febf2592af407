"""The way into a chat: every use case enters through here, so that there is one rule about who may."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from conversation_service.chats import repository
from conversation_service.chats.errors import ChatNotFound
from conversation_service.chats.project_chats import ProjectChats
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.idempotency import beside_the_write
from shared.principal import Principal


class ChatAccess:
    def __init__(self, database: Database, project_chats: ProjectChats) -> None:
        self._database = database
        self._project_chats = project_chats

    @asynccontextmanager
    async def entering(self, principal: Principal, chat_id: UUID) -> AsyncIterator[Work]:
        """A unit of work of somebody who takes part in the chat. Raises ChatNotFound."""
        try:
            async with self._work_of(principal, chat_id) as work:
                yield work
                return
        except _NotTakingPart:
            with beside_the_write():
                await self._project_chats.look_up(principal, chat_id)
        try:
            async with self._work_of(principal, chat_id) as work:
                yield work
        except _NotTakingPart as error:
            raise ChatNotFound from error

    @asynccontextmanager
    async def _work_of(self, principal: Principal, chat_id: UUID) -> AsyncIterator[Work]:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            if not await repository.can_view(work, principal.tenant_id, principal.user_id, chat_id):
                raise _NotTakingPart
            yield work


class _NotTakingPart(Exception):
    """Not as far as is known here."""
