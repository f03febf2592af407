"""The use cases of conversations, each one transaction."""

from uuid import UUID

from conversation_service.conversations import repository
from conversation_service.conversations.domain import differences
from conversation_service.conversations.schemas import ConversationQuery, CreateConversation, PatchConversation
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.changes import Change, Removed
from shared.events.conversations import (
    ConversationAdded,
    ConversationDeleted,
    ConversationState,
    ConversationUpdated,
)
from shared.events.topics import conversation_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.pagination import PageOf
from shared.principal import Principal


class ConversationService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, principal: Principal, query: ConversationQuery) -> PageOf[ConversationState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query)

    async def get(self, principal: Principal, conversation_id: UUID) -> ConversationState:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.get(work, principal, conversation_id)

    async def add(self, principal: Principal, new: CreateConversation) -> ConversationState:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            added = await repository.add(work, principal, new, self._clock.now())
            _tell(work, ConversationAdded(entity_id=added.id, version=added.version, payload=added))
            return work.answer(added)

    async def change(
        self, principal: Principal, conversation_id: UUID, patch: PatchConversation, if_match: IfMatch
    ) -> ConversationState:
        wanted = changes(patch)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal, conversation_id)
            refuse_stale(if_match, before)
            changed = differences(before, wanted)
            if not changed:
                return before
            after = await repository.update(work, principal, conversation_id, changed, self._clock.now())
            _tell(
                work,
                ConversationUpdated(
                    entity_id=after.id, version=after.version, changed_fields=tuple(changed), payload=after
                ),
            )
            return after

    async def remove(self, principal: Principal, conversation_id: UUID, if_match: IfMatch) -> None:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal, conversation_id)
            refuse_stale(if_match, before)
            await repository.remove(work, principal, conversation_id)
            gone = ConversationDeleted(entity_id=before.id, version=before.version + 1, payload=Removed(before.id))
            _tell(work, gone)


def _tell(work: Work, event: Change) -> None:
    work.publish(event, topics=[conversation_topic(event.entity_id)], subject=str(event.entity_id))
