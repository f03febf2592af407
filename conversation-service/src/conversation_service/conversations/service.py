"""The use cases of conversations, each one transaction."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from conversation_service.conversations import exports, repository
from conversation_service.conversations.domain import differences
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.conversations.schemas import (
    ConversationQuery,
    CreateConversation,
    ExportFormat,
    ExportQuery,
    Fork,
    ForkScope,
    PatchConversation,
)
from conversation_service.messages import branches, lists, repository as messages
from conversation_service.messages.errors import MessageNotFound
from conversation_service.numbered_pages import Order, Span
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import ValidationFailed
from shared.events.changes import Change, Removed
from shared.events.conversations import (
    ConversationAdded,
    ConversationDeleted,
    ConversationState,
    ConversationUpdated,
    MessageState,
)
from shared.events.topics import conversation_topic
from shared.http.conditions import IfMatch, refuse_stale
from shared.http.patch import changes
from shared.open_streams import OpenStreams
from shared.pagination import PageOf
from shared.principal import Principal

CHORE_ROWS = 500  # in one transaction
EXPORTED_ROWS = 200  # read at once


class ConversationService:
    """`temporary_for`: how long a temporary conversation stays."""

    def __init__(self, database: Database, clock: Clock, temporary_for: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._temporary_for = temporary_for
        self._downloads = OpenStreams()

    async def find(self, principal: Principal, query: ConversationQuery) -> PageOf[ConversationState]:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.find_page(work, principal, query)

    async def get(self, principal: Principal, conversation_id: UUID) -> ConversationState:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await repository.get(work, principal, conversation_id)

    async def add(self, principal: Principal, new: CreateConversation) -> ConversationState:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            added = await repository.add(
                work, principal, new, now, now + self._temporary_for if new.temporary else None
            )
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

    async def fork(self, principal: Principal, conversation_id: UUID, fork: Fork) -> ConversationState:
        """Raises ConversationNotFound or MessageNotFound."""
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            source = await repository.lock(work, principal, conversation_id)
            message = await messages.get(work, principal, fork.message_id)
            if message.conversation_id != source.id:
                raise MessageNotFound
            now = self._clock.now()
            empty = await repository.add_fork(work, principal, source, now)
            leaf_id = message.id if fork.scope is ForkScope.PATH else None
            await branches.copy(work, principal, source.id, empty.id, leaf_id, now)
            filled = await repository.count_messages(work, principal, empty.id)
            _tell(work, ConversationAdded(entity_id=filled.id, version=filled.version, payload=filled))
            return work.answer(filled)

    async def export(self, principal: Principal, conversation_id: UUID, query: ExportQuery) -> AsyncIterator[bytes]:
        """Raises ConversationNotFound, MessageNotFound for the branch, or TooManyRequests."""
        async with self._database.unit_of_work(principal.tenant_id) as work:
            conversation = await repository.get(work, principal, conversation_id)
            if query.format is ExportFormat.JSON:
                leaf_id, count = None, conversation.message_count
            else:
                leaf_id = query.branch or await messages.newest_id(work, principal, conversation_id)
                count = await _length(work, principal, conversation_id, leaf_id)
        portions = self._portions(principal, conversation_id, leaf_id, count)
        return self._downloads.open(principal.user_id, exports.RENDERERS[query.format](conversation, portions))

    async def _portions(
        self, principal: Principal, conversation_id: UUID, leaf_id: UUID | None, count: int
    ) -> AsyncIterator[list[MessageState]]:
        """Each is read when the one before has been taken. What was said since the beginning is not in them."""
        reached = 0
        while reached < count:
            span = Span(reached + 1, min(reached + EXPORTED_ROWS, count))
            async with self._database.unit_of_work(principal.tenant_id) as work:
                rows = await lists.rows_of_span(work, principal, conversation_id, leaf_id, span, Order.ASC)
            if not rows:
                raise ConversationNotFound  # deleted meanwhile: the answer is cut, and not taken for the whole
            yield msgspec.convert(rows, list[MessageState])
            reached += len(rows)


async def remove_expired(work: Work, _now: datetime) -> int:
    """A retention step: what is invisible already goes, and live clients are told."""
    removed = await repository.remove_expired(work, CHORE_ROWS)
    for row in removed:
        gone = ConversationDeleted(entity_id=row["id"], version=row["version"] + 1, payload=Removed(row["id"]))
        work.publish(gone, topics=[conversation_topic(row["id"])], subject=str(row["id"]), tenant_id=row["tenant_id"])
    return len(removed)


async def _length(work: Work, principal: Principal, conversation_id: UUID, leaf_id: UUID | None) -> int:
    """Of the way to a message. Raises MessageNotFound."""
    if leaf_id is None:
        return 0
    try:
        return await branches.depth(work, principal, conversation_id, leaf_id)
    except ValidationFailed as error:
        raise MessageNotFound from error


def _tell(work: Work, event: Change) -> None:
    work.publish(event, topics=[conversation_topic(event.entity_id)], subject=str(event.entity_id))
