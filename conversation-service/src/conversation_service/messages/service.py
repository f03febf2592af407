"""The use cases of messages, each one transaction."""

from uuid import UUID

from conversation_service.messages import repository
from conversation_service.messages.domain import require_model
from conversation_service.messages.schemas import AddMessage, MessageQuery
from shared.clock import Clock
from shared.db.databases import Database
from shared.events.conversations import MessageAdded, MessageState
from shared.events.topics import conversation_topic
from shared.pagination import PageOf
from shared.principal import Principal


class MessageService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, conversation_id: UUID, query: MessageQuery) -> PageOf[MessageState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, conversation_id, query)

    async def add(self, principal: Principal, conversation_id: UUID, new: AddMessage) -> MessageState:
        require_model(new.role, new.model)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            message = await repository.append(work, principal, conversation_id, new, self._clock.now())
            added = MessageAdded(entity_id=message.id, version=message.version, payload=message)
            work.publish(added, topics=[conversation_topic(conversation_id)], subject=str(message.id))
            return work.answer(message)
