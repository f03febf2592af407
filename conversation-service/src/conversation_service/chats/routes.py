"""HTTP for chats and who takes part in them."""

from uuid import UUID

from conversation_service.chats.errors import (
    ChatExists,
    ChatNotFound,
    ChatParticipantExists,
    ChatParticipantNotFound,
    ChatParticipantsFixed,
)
from conversation_service.chats.schemas import (
    AddParticipant,
    ChatQuery,
    ChatView,
    CreateChat,
    ParticipantQuery,
    ParticipantView,
    PatchChat,
)
from conversation_service.chats.service import ChatService
from shared.errors import LimitReached, PreconditionFailed
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

CHATS = "/api/v1/chats"
CHAT = CHATS + "/{chat_id}"
PARTICIPANTS = CHAT + "/participants"
_WRITE_ERRORS = [ChatNotFound, PreconditionFailed]
_PARTICIPANT_ERRORS = [ChatNotFound, ChatParticipantsFixed]

routes = Routes("chats", resource="chats")


@routes.get(CHATS, summary="List the chats you take part in")
async def list_chats(principal: Principal, chats: ChatService, query: ChatQuery) -> PageOf[ChatView]:
    return await chats.find(principal, query)


@routes.post(
    CHATS,
    summary="Begin a chat: direct, in a group, or about a project",
    errors=[ChatExists, LimitReached, TierLimitExceeded],
    location=CHAT,
)
async def add_chat(principal: Principal, chats: ChatService, body: CreateChat) -> Created[ChatView]:
    return Created(await chats.add(principal, body))


@routes.get(CHAT, summary="Read a chat, without its messages", errors=[ChatNotFound])
async def get_chat(principal: Principal, chats: ChatService, chat_id: UUID) -> ChatView:
    return await chats.get(principal, chat_id)


@routes.put(CHAT, summary="Change a chat (the same as PATCH)", errors=[*_WRITE_ERRORS, TierLimitExceeded])
@routes.patch(CHAT, summary="Change a chat", errors=[*_WRITE_ERRORS, TierLimitExceeded])
async def change_chat(
    principal: Principal, chats: ChatService, chat_id: UUID, body: PatchChat, if_match: IfMatch
) -> ChatView:
    return await chats.change(principal, chat_id, body, if_match)


@routes.delete(CHAT, summary="Delete a chat with its messages, for everybody", errors=_WRITE_ERRORS)
async def remove_chat(principal: Principal, chats: ChatService, chat_id: UUID, if_match: IfMatch) -> None:
    await chats.remove(principal, chat_id, if_match)


@routes.get(PARTICIPANTS, summary="List who takes part", errors=[ChatNotFound])
async def list_participants(
    principal: Principal, chats: ChatService, chat_id: UUID, query: ParticipantQuery
) -> PageOf[ParticipantView]:
    return await chats.participants(principal, chat_id, query)


@routes.post(
    PARTICIPANTS,
    summary="Add somebody to a group",
    errors=[*_PARTICIPANT_ERRORS, ChatParticipantExists, TierLimitExceeded],
)
async def add_participant(
    principal: Principal, chats: ChatService, chat_id: UUID, body: AddParticipant
) -> Created[ParticipantView]:
    return Created(await chats.add_participant(principal, chat_id, body))


@routes.delete(
    PARTICIPANTS + "/{user_id}",
    summary="Take somebody out of a group, or leave it yourself",
    errors=[*_PARTICIPANT_ERRORS, ChatParticipantNotFound],
)
async def remove_participant(principal: Principal, chats: ChatService, chat_id: UUID, user_id: UUID) -> None:
    await chats.remove_participant(principal, chat_id, user_id)
