"""The use cases of messages, each one transaction."""

from functools import partial
from uuid import UUID

import msgspec
from msgspec import UNSET

from conversation_service.conversations.domain import Owner
from conversation_service.llm.tokens import TokenCount, TokenCounter
from conversation_service.messages import lists, repository
from conversation_service.messages.domain import NEWEST, NewMessage, require_model
from conversation_service.messages.schemas import AddMessage, Feedback, MessageQuery, PatchMessage
from conversation_service.storage.allotments import Room, StorageAllotments
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.conversations import MessageAdded, MessageNews, MessageState, MessageUpdated
from shared.events.topics import conversation_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.ids import new_id
from shared.messaging.redaction import redact_subjects
from shared.pagination import PageOf
from shared.principal import Principal


class MessageService:
    def __init__(self, database: Database, storage: StorageAllotments, tokens: TokenCounter, clock: Clock) -> None:
        self._database = database
        self._storage = storage
        self._tokens = tokens
        self._clock = clock

    async def find(self, principal: Principal, conversation_id: UUID, query: MessageQuery) -> PageOf[MessageState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await lists.find_page(work, principal, conversation_id, query)

    async def add(self, principal: Principal, conversation_id: UUID, new: AddMessage) -> MessageState:
        """Raises ConversationNotFound, ModelRequired, ValidationFailed or TierLimitExceeded."""
        require_model(new.role, new.model)
        parent = NEWEST if new.parent_id is UNSET else new.parent_id
        cost = await self._tokens.count(new.content)
        message = NewMessage(new_id(), new.role, new.content, new.model, parent, cost)

        async def add(room: Room) -> MessageState:
            async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
                added = await self.say(work, principal, conversation_id, message)
                await room.require(work)
                return work.answer(added)

        return await self._storage.write(principal, add)

    async def edit(
        self, principal: Principal, message_id: UUID, patch: PatchMessage, if_match: IfMatch
    ) -> MessageState:
        """What was said stays: the new wording begins a branch beside it. Only the live history forgets the old one.

        Raises as `add` does, or MessageNotFound.
        """
        cost = None if patch.content is UNSET else await self._tokens.count(patch.content)
        edit = partial(self._edit, principal, message_id, patch, cost, if_match)
        return await self._storage.write(principal, edit)

    async def _edit(
        self,
        principal: Principal,
        message_id: UUID,
        patch: PatchMessage,
        cost: TokenCount | None,
        if_match: IfMatch,
        room: Room,
    ) -> MessageState:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.get(work, principal, message_id)
            refuse_stale(if_match, before)
            if cost is None or patch.content is UNSET or patch.content == before.content:
                return before
            sibling = NewMessage(new_id(), before.role, patch.content, before.model, before.parent_id, cost)
            redact_subjects(work, principal.tenant_id, [before.id])
            edited = await self.say(work, principal, before.conversation_id, sibling)
            await room.require(work)
            return edited

    async def rate(self, principal: Principal, message_id: UUID, feedback: Feedback, if_match: IfMatch) -> MessageState:
        """Raises MessageNotFound, PreconditionFailed or TierLimitExceeded."""
        rate = partial(self._rate, principal, message_id, feedback, if_match)
        return await self._storage.write(principal, rate)

    async def _rate(
        self, principal: Principal, message_id: UUID, feedback: Feedback, if_match: IfMatch, room: Room
    ) -> MessageState:
        wanted = msgspec.to_builtins(feedback)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal, message_id)
            refuse_stale(if_match, before)
            if before.feedback == wanted:
                return before
            after = await repository.set_feedback(work, principal, message_id, wanted, self._clock.now())
            await room.require(work)
            updated = MessageUpdated(
                entity_id=after.id, version=after.version, changed_fields=("feedback",), payload=after
            )
            work.publish(updated, topics=[conversation_topic(after.conversation_id)], subject=str(after.id))
            return after

    async def say(self, work: Work, owner: Owner, conversation_id: UUID, new: NewMessage) -> MessageState:
        """Stores it with its counts and its event. Raises as `repository.append` does."""
        message, counts = await repository.append(work, owner, conversation_id, new, self._clock.now())
        news = MessageNews(**msgspec.structs.asdict(message), conversation=counts)
        added = MessageAdded(entity_id=message.id, version=message.version, payload=news)
        work.publish(added, topics=[conversation_topic(conversation_id)], subject=str(message.id))
        return message
