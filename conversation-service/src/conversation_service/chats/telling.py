"""What is told on a chat's topic."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from conversation_service.chat_messages import repository as messages
from shared.db.unit_of_work import Work
from shared.events.changes import Change, Removed
from shared.events.chats import (
    ChatDeleted,
    ChatMessageAdded,
    ChatMessageState,
    ChatMessageUpdated,
    ChatParticipants,
    ChatParticipantsAdded,
    ChatParticipantsRemoved,
    ChatState,
)
from shared.events.topics import chat_topic
from shared.messaging.redaction import redact_topics


def tell(work: Work, chat_id: UUID, event: Change) -> None:
    work.publish(event, topics=[chat_topic(chat_id)], subject=str(event.entity_id))


def tell_joined(work: Work, chat_id: UUID, user_ids: Sequence[UUID]) -> None:
    if not user_ids:
        return
    joined = ChatParticipants(chat_id=chat_id, user_ids=tuple(user_ids))
    tell(work, chat_id, ChatParticipantsAdded(entity_id=chat_id, version=1, payload=joined))


def tell_left(work: Work, chat_id: UUID, user_ids: Sequence[UUID]) -> None:
    if not user_ids:
        return
    left = ChatParticipants(chat_id=chat_id, user_ids=tuple(user_ids))
    tell(work, chat_id, ChatParticipantsRemoved(entity_id=chat_id, version=1, payload=left))


def tell_deleted(work: Work, chat: ChatState) -> None:
    """With everything that was said in it."""
    redact_topics(work, chat.tenant_id, [chat_topic(chat.id)])
    tell(work, chat.id, ChatDeleted(entity_id=chat.id, version=chat.version + 1, payload=Removed(chat.id)))


def tell_said(work: Work, message: ChatMessageState) -> None:
    added = ChatMessageAdded(entity_id=message.id, version=message.version, payload=message)
    tell(work, message.chat_id, added)


def tell_edited(work: Work, message: ChatMessageState, field: str) -> None:
    event = ChatMessageUpdated(entity_id=message.id, version=message.version, changed_fields=(field,), payload=message)
    tell(work, message.chat_id, event)


async def welcome(work: Work, tenant_id: UUID, chat_id: UUID, user_ids: Sequence[UUID], now: datetime) -> None:
    """To people who have just joined a chat that goes on."""
    tell_joined(work, chat_id, user_ids)
    await _announce(work, tenant_id, chat_id, user_ids, has_joined=True, now=now)


async def see_off(work: Work, tenant_id: UUID, chat_id: UUID, user_ids: Sequence[UUID], now: datetime) -> None:
    """To people who have just left a chat that goes on."""
    tell_left(work, chat_id, user_ids)
    await _announce(work, tenant_id, chat_id, user_ids, has_joined=False, now=now)


async def _announce(
    work: Work, tenant_id: UUID, chat_id: UUID, user_ids: Sequence[UUID], *, has_joined: bool, now: datetime
) -> None:
    for user_id in user_ids:
        said = await messages.announce(work, tenant_id, chat_id, user_id, has_joined=has_joined, now=now)
        if said is not None:
            tell_said(work, said)
