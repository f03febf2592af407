"""HTTP for the messages of a chat, what people think of them, and how far they have read."""

from uuid import UUID

from conversation_service.chat_messages.domain import read_emoji
from conversation_service.chat_messages.errors import ChatMessageNotFound, TooManyReactions
from conversation_service.chat_messages.schemas import (
    MarkRead,
    PatchChatMessage,
    SendChatMessage,
)
from conversation_service.chat_messages.service import ChatMessageService
from conversation_service.chats.errors import ChatNotFound
from conversation_service.chats.routes import CHAT
from conversation_service.numbered_pages import NumberedQuery
from shared.errors import PreconditionFailed, ValidationFailed
from shared.events.chats import ChatMessageState, ReadMark
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

MESSAGES = CHAT + "/messages"
MESSAGE = MESSAGES + "/{chat_message_id}"
REACTION = MESSAGE + "/reactions/{emoji}"
_ERRORS = [ChatNotFound, ChatMessageNotFound]
_WRITE_ERRORS = [*_ERRORS, PreconditionFailed]

routes = Routes("chat messages", resource="chats")


@routes.get(MESSAGES, summary="List the messages of a chat", errors=[ChatNotFound])
async def list_chat_messages(
    principal: Principal, messages: ChatMessageService, chat_id: UUID, query: NumberedQuery
) -> PageOf[ChatMessageState]:
    return await messages.find(principal, chat_id, query)


@routes.post(MESSAGES, summary="Say something in a chat", errors=[ChatNotFound, TierLimitExceeded])
async def send_chat_message(
    principal: Principal, messages: ChatMessageService, chat_id: UUID, body: SendChatMessage
) -> Created[ChatMessageState]:
    return Created(await messages.send(principal, chat_id, body))


@routes.put(MESSAGE, summary="Edit what you said (the same as PATCH)", errors=[*_WRITE_ERRORS, TierLimitExceeded])
@routes.patch(MESSAGE, summary="Edit what you said", errors=[*_WRITE_ERRORS, TierLimitExceeded])
async def edit_chat_message(
    principal: Principal,
    messages: ChatMessageService,
    chat_id: UUID,
    chat_message_id: UUID,
    body: PatchChatMessage,
    if_match: IfMatch,
) -> ChatMessageState:
    return await messages.edit(principal, chat_id, chat_message_id, body, if_match)


@routes.delete(MESSAGE, summary="Delete a message; its place stays, empty", errors=_WRITE_ERRORS)
async def remove_chat_message(
    principal: Principal, messages: ChatMessageService, chat_id: UUID, chat_message_id: UUID, if_match: IfMatch
) -> None:
    await messages.remove(principal, chat_id, chat_message_id, if_match)


@routes.put(REACTION, summary="React with an emoji", errors=[*_ERRORS, TooManyReactions, ValidationFailed])
async def react(
    principal: Principal, messages: ChatMessageService, chat_id: UUID, chat_message_id: UUID, emoji: str
) -> ChatMessageState:
    return await messages.react(principal, chat_id, chat_message_id, read_emoji(emoji))


@routes.delete(REACTION, summary="Take a reaction back", errors=[*_ERRORS, ValidationFailed])
async def take_reaction_back(
    principal: Principal, messages: ChatMessageService, chat_id: UUID, chat_message_id: UUID, emoji: str
) -> None:
    await messages.unreact(principal, chat_id, chat_message_id, read_emoji(emoji))


@routes.post(CHAT + "/read", summary="Mark a chat as read up to a message", errors=[ChatNotFound])
async def mark_chat_read(principal: Principal, messages: ChatMessageService, chat_id: UUID, body: MarkRead) -> ReadMark:
    return await messages.mark_read(principal, chat_id, body)
