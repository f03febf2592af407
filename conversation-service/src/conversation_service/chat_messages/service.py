"""The use cases of messages in chats, each one transaction."""

from functools import partial
from uuid import UUID

import msgspec

from conversation_service.chat_messages import repository
from conversation_service.chat_messages.domain import emptied, require_author, require_sendable
from conversation_service.chat_messages.schemas import (
    MarkRead,
    PatchChatMessage,
    SendChatMessage,
)
from conversation_service.chats import participants, repository as chats
from conversation_service.chats.access import ChatAccess
from conversation_service.chats.domain import owns
from conversation_service.chats.telling import tell, tell_edited, tell_said
from conversation_service.numbered_pages import NumberedQuery
from conversation_service.storage.allotments import Room, StorageAllotments
from shared.clock import Clock
from shared.errors import FieldError, Forbidden, ValidationFailed
from shared.events.chats import (
    ChatMessageDeleted,
    ChatMessageState,
    ChatRead,
    ReadMark,
    RemovedChatMessage,
)
from shared.http.conditions import IfMatch, refuse_stale
from shared.pagination import PageOf
from shared.principal import Principal


class ChatMessageService:
    def __init__(self, access: ChatAccess, storage: StorageAllotments, clock: Clock) -> None:
        self._access = access
        self._storage = storage
        self._clock = clock

    async def find(self, principal: Principal, chat_id: UUID, query: NumberedQuery) -> PageOf[ChatMessageState]:
        async with self._access.entering(principal, chat_id) as work:
            chat = await chats.get(work, principal, chat_id)
            return await repository.find_page(work, principal.tenant_id, chat_id, chat.message_count, query)

    async def send(self, principal: Principal, chat_id: UUID, new: SendChatMessage) -> ChatMessageState:
        """Raises ChatNotFound, ValidationFailed, TierLimitExceeded."""
        require_sendable(new.type)

        async def send(room: Room) -> ChatMessageState:
            async with self._access.entering(principal, chat_id) as work:
                message = await repository.send(work, principal, chat_id, new, self._clock.now())
                await room.require(work)
                tell_said(work, message)
                return work.answer(message)

        return await self._storage.write(principal, send)

    async def edit(
        self, principal: Principal, chat_id: UUID, message_id: UUID, patch: PatchChatMessage, if_match: IfMatch
    ) -> ChatMessageState:
        """Raises ChatNotFound, ChatMessageNotFound, Forbidden, PreconditionFailed, TierLimitExceeded."""
        edit = partial(self._edit, principal, chat_id, message_id, patch, if_match)
        return await self._storage.write(principal, edit)

    async def _edit(
        self,
        principal: Principal,
        chat_id: UUID,
        message_id: UUID,
        patch: PatchChatMessage,
        if_match: IfMatch,
        room: Room,
    ) -> ChatMessageState:
        async with self._access.entering(principal, chat_id) as work:
            before = await repository.lock(work, principal.tenant_id, chat_id, message_id)
            require_author(before, principal.user_id)
            refuse_stale(if_match, before)
            if patch.content in (msgspec.UNSET, before.content):
                return before
            after = await repository.edit(work, before, patch.content, self._clock.now())
            await room.require(work)
            tell_edited(work, after, "content")
            return after

    async def remove(self, principal: Principal, chat_id: UUID, message_id: UUID, if_match: IfMatch) -> None:
        """Its author may, and whoever owns the chat. Raises as `edit` does."""
        async with self._access.entering(principal, chat_id) as work:
            message = await repository.lock(work, principal.tenant_id, chat_id, message_id)
            if message.author_id != principal.user_id and not owns(
                await chats.get(work, principal, chat_id), principal
            ):
                raise Forbidden
            refuse_stale(if_match, message)
            now = self._clock.now()
            await repository.remove(work, message, now)
            removed = RemovedChatMessage(
                id=message.id, chat_id=chat_id, number=message.number, place=emptied(message, now)
            )
            tell(work, chat_id, ChatMessageDeleted(entity_id=message.id, version=message.version + 1, payload=removed))

    async def react(self, principal: Principal, chat_id: UUID, message_id: UUID, emoji: str) -> ChatMessageState:
        """A second time changes nothing. Raises ChatNotFound, ChatMessageNotFound, TooManyReactions."""
        async with self._access.entering(principal, chat_id) as work:
            before = await repository.lock(work, principal.tenant_id, chat_id, message_id)
            after = await repository.react(work, before, principal.user_id, emoji, self._clock.now())
            if after is not before:
                tell_edited(work, after, "reactions")
            return after

    async def unreact(self, principal: Principal, chat_id: UUID, message_id: UUID, emoji: str) -> None:
        """A second time changes nothing. Raises ChatNotFound, ChatMessageNotFound."""
        async with self._access.entering(principal, chat_id) as work:
            before = await repository.lock(work, principal.tenant_id, chat_id, message_id)
            after = await repository.unreact(work, before, principal.user_id, emoji, self._clock.now())
            if after is not before:
                tell_edited(work, after, "reactions")

    async def mark_read(self, principal: Principal, chat_id: UUID, mark: MarkRead) -> ReadMark:
        """Marks only rise: an earlier message changes nothing. Raises ChatNotFound, ValidationFailed."""
        async with self._access.entering(principal, chat_id) as work:
            number = await repository.number_of(work, principal.tenant_id, chat_id, mark.message_id)
            if number is None:
                raise ValidationFailed([FieldError("message_id", "not_found", "Name a message of this chat.")])
            is_further = await participants.mark_read(work, principal, chat_id, number)
            chat = await chats.get(work, principal, chat_id)
            read = ReadMark(
                chat_id=chat_id,
                user_id=principal.user_id,
                last_read_number=chat.last_read_number,
                unread_count=chat.unread_count,
            )
            if is_further:
                tell(work, chat_id, ChatRead(entity_id=chat_id, version=read.last_read_number, payload=read))
            return work.answer(read)
