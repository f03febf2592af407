"""HTTP for conversations."""

from uuid import UUID

from sanic.response import ResponseStream

from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.conversations.exports import CONTENT_TYPES, FILE_ENDINGS
from conversation_service.conversations.schemas import (
    ConversationQuery,
    CreateConversation,
    ExportQuery,
    Fork,
    PatchConversation,
)
from conversation_service.conversations.service import ConversationService
from conversation_service.messages.errors import MessageNotFound
from shared.errors import LimitReached, PreconditionFailed, TooManyRequests
from shared.events.conversations import ConversationState
from shared.http.answers import Created, streamed
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

CONVERSATIONS = "/api/v1/conversations"
CONVERSATION = CONVERSATIONS + "/{conversation_id}"
_WRITE_ERRORS = [ConversationNotFound, PreconditionFailed, TierLimitExceeded]

routes = Routes("conversations", resource="conversations")


@routes.get(CONVERSATIONS, summary="List your conversations")
async def list_conversations(
    principal: Principal, conversations: ConversationService, query: ConversationQuery
) -> PageOf[ConversationState]:
    return await conversations.find(principal, query)


@routes.post(
    CONVERSATIONS, summary="Begin a conversation", errors=[LimitReached, TierLimitExceeded], location=CONVERSATION
)
async def add_conversation(
    principal: Principal, conversations: ConversationService, body: CreateConversation
) -> Created[ConversationState]:
    return Created(await conversations.add(principal, body))


@routes.get(CONVERSATION, summary="Read a conversation, without its messages", errors=[ConversationNotFound])
async def get_conversation(
    principal: Principal, conversations: ConversationService, conversation_id: UUID
) -> ConversationState:
    return await conversations.get(principal, conversation_id)


@routes.put(CONVERSATION, summary="Change a conversation (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(CONVERSATION, summary="Change a conversation", errors=_WRITE_ERRORS)
async def change_conversation(
    principal: Principal,
    conversations: ConversationService,
    conversation_id: UUID,
    body: PatchConversation,
    if_match: IfMatch,
) -> ConversationState:
    return await conversations.change(principal, conversation_id, body, if_match)


@routes.delete(
    CONVERSATION, summary="Delete a conversation with its messages", errors=[ConversationNotFound, PreconditionFailed]
)
async def remove_conversation(
    principal: Principal, conversations: ConversationService, conversation_id: UUID, if_match: IfMatch
) -> None:
    await conversations.remove(principal, conversation_id, if_match)


@routes.post(
    CONVERSATION + "/fork",
    summary="Go on from a message in a conversation of its own",
    errors=[ConversationNotFound, LimitReached, MessageNotFound, TierLimitExceeded],
    location=CONVERSATIONS + "/{id}",
)
async def fork_conversation(
    principal: Principal, conversations: ConversationService, conversation_id: UUID, body: Fork
) -> Created[ConversationState]:
    return Created(await conversations.fork(principal, conversation_id, body))


@routes.get(
    CONVERSATION + "/export",
    summary="Download a conversation as JSON or Markdown",
    errors=[ConversationNotFound, MessageNotFound, TooManyRequests],
)
async def export_conversation(
    principal: Principal, conversations: ConversationService, conversation_id: UUID, query: ExportQuery
) -> ResponseStream:
    parts = await conversations.export(principal, conversation_id, query)
    headers = {
        "Content-Disposition": f'attachment; filename="conversation-{conversation_id}.{FILE_ENDINGS[query.format]}"',
        "Cache-Control": "private, no-store",
    }
    return streamed(parts, headers, CONTENT_TYPES[query.format])
