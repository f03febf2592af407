"""The use cases of conversations, each one transaction."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate
from typing import Any
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
from conversation_service.storage.allotments import Room, StorageAllotments
from shared.clock import Clock
from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.errors import LimitReached, ValidationFailed
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
from shared.messaging.redaction import redact_topics
from shared.open_streams import OpenStreams
from shared.pagination import PageOf
from shared.principal import Principal

MAX_DELETED_CONVERSATIONS = 500  # in one transaction
MAX_DELETED_MESSAGES = 5_000  # in one transaction; of a longer conversation retention deletes portion after portion
EXPORTED_ROWS = 200  # read at once
GROWING = {"title", "description", "tags"}
"""Fields that take room in the tenant's storage; others can be changed when it is full."""

MAX_FORKED_MESSAGES = 20_000  # each gets an id and a row, in one transaction


class ConversationService:
    """`temporary_for`: how long a temporary conversation stays."""

    def __init__(self, database: Database, storage: StorageAllotments, clock: Clock, temporary_for: timedelta) -> None:
        self._database = database
        self._storage = storage
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
        """Raises TierLimitExceeded."""
        return await self._storage.write(principal, partial(self._add, principal, new))

    async def _add(self, principal: Principal, new: CreateConversation, room: Room) -> ConversationState:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            now = self._clock.now()
            added = await repository.add(
                work, principal, new, now, now + self._temporary_for if new.temporary else None
            )
            await room.require(work)
            _tell(work, ConversationAdded(entity_id=added.id, version=added.version, payload=added))
            return work.answer(added)

    async def change(
        self, principal: Principal, conversation_id: UUID, patch: PatchConversation, if_match: IfMatch
    ) -> ConversationState:
        """Raises ConversationNotFound, PreconditionFailed or TierLimitExceeded."""
        return await self._storage.write(principal, partial(self._change, principal, conversation_id, patch, if_match))

    async def _change(
        self, principal: Principal, conversation_id: UUID, patch: PatchConversation, if_match: IfMatch, room: Room
    ) -> ConversationState:
        wanted = changes(patch)
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            before = await repository.lock(work, principal, conversation_id)
            refuse_stale(if_match, before)
            changed = differences(before, wanted)
            if not changed:
                return before
            after = await repository.update(work, principal, conversation_id, changed, self._clock.now())
            if changed.keys() & GROWING:
                await room.require(work)
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
            if before.message_count > MAX_DELETED_MESSAGES:
                await repository.mark_deleted(work, principal.tenant_id, conversation_id)
                redact_topics(work, principal.tenant_id, [conversation_topic(conversation_id)])
            else:
                await _remove(work, principal.tenant_id, [conversation_id])
            _tell(work, _deleted(before.id, before.version))

    async def fork(self, principal: Principal, conversation_id: UUID, fork: Fork) -> ConversationState:
        """Raises ConversationNotFound, MessageNotFound, LimitReached or TierLimitExceeded."""
        return await self._storage.write(principal, partial(self._fork, principal, conversation_id, fork))

    async def _fork(self, principal: Principal, conversation_id: UUID, fork: Fork, room: Room) -> ConversationState:
        async with self._database.unit_of_work(principal.tenant_id, actor_id=principal.user_id) as work:
            source = await repository.lock(work, principal, conversation_id)
            message = await messages.get(work, principal, fork.message_id)
            if message.conversation_id != source.id:
                raise MessageNotFound
            await _refuse_long(work, principal, source, fork)
            now = self._clock.now()
            empty = await repository.add_fork(work, principal, source, now)
            leaf_id = message.id if fork.scope is ForkScope.PATH else None
            await branches.copy(work, principal, source.id, empty.id, leaf_id, now)
            filled = await repository.count_messages(work, principal, empty.id)
            await room.require(work)
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
    """A retention step, for one tenant: what is invisible already is deleted, and live clients are notified."""
    expired = await repository.lock_expired(work, MAX_DELETED_CONVERSATIONS)
    if not expired:
        return 0
    portion = _portion(expired)
    if not portion:
        return await _remove_newest(work, expired[0])
    tenant_id = portion[0]["tenant_id"]
    await _remove(work, tenant_id, [row["id"] for row in portion])
    for row in portion:
        if not row["is_marked_deleted"]:
            event = _deleted(row["id"], row["version"])
            work.publish(event, topics=[conversation_topic(row["id"])], subject=str(row["id"]), tenant_id=tenant_id)
    return len(portion)


def _portion(expired: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """The first ones, as far as one transaction can delete their messages; none where the first has too many."""
    totals = accumulate(row["message_count"] for row in expired)
    return expired[: sum(total <= MAX_DELETED_MESSAGES for total in totals)]


async def _remove_newest(work: Work, conversation: Mapping[str, Any]) -> int:
    """Of a long conversation, which stays for the next transactions; how many messages those were."""
    tenant_id, conversation_id = conversation["tenant_id"], conversation["id"]
    kept = conversation["message_count"] - MAX_DELETED_MESSAGES
    await messages.remove_all(work, tenant_id, [conversation_id], above=kept)
    await repository.set_message_count(work, tenant_id, conversation_id, kept)
    return MAX_DELETED_MESSAGES


def _deleted(conversation_id: UUID, version: int) -> ConversationDeleted:
    return ConversationDeleted(entity_id=conversation_id, version=version + 1, payload=Removed(conversation_id))


async def _remove(work: Work, tenant_id: UUID, conversation_ids: Sequence[UUID]) -> None:
    await messages.remove_all(work, tenant_id, conversation_ids)
    await repository.remove_all(work, tenant_id, conversation_ids)
    redact_topics(work, tenant_id, map(conversation_topic, conversation_ids))


async def _refuse_long(work: Work, principal: Principal, source: ConversationState, fork: Fork) -> None:
    """Raises LimitReached."""
    count = source.message_count
    if count > MAX_FORKED_MESSAGES and fork.scope is ForkScope.PATH:
        count = await branches.depth(work, principal, source.id, fork.message_id)
    if count > MAX_FORKED_MESSAGES:
        raise LimitReached("messages of a fork", MAX_FORKED_MESSAGES)


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
