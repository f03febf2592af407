"""HTTP for the messages of a conversation."""

from uuid import UUID

from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.conversations.routes import CONVERSATION
from conversation_service.messages.errors import MessageNotFound, ModelRequired
from conversation_service.messages.schemas import AddMessage, Feedback, MessageQuery, PatchMessage
from conversation_service.messages.service import MessageService
from shared.errors import PreconditionFailed
from shared.events.conversations import MessageState
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

MESSAGES = CONVERSATION + "/messages"
MESSAGE = "/api/v1/messages/{message_id}"
_WRITE_ERRORS = [MessageNotFound, PreconditionFailed, TierLimitExceeded]

routes = Routes("messages", resource="conversations")


@routes.get(MESSAGES, summary="List the messages of a conversation", errors=[ConversationNotFound])
async def list_messages(
    principal: Principal, messages: MessageService, conversation_id: UUID, query: MessageQuery
) -> PageOf[MessageState]:
    return await messages.find(principal, conversation_id, query)


@routes.post(MESSAGES, summary="Append a message", errors=[ConversationNotFound, ModelRequired, TierLimitExceeded])
async def add_message(
    principal: Principal, messages: MessageService, conversation_id: UUID, body: AddMessage
) -> Created[MessageState]:
    return Created(await messages.add(principal, conversation_id, body))


@routes.put(MESSAGE, summary="Say a message differently (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(MESSAGE, summary="Say a message differently, in a branch beside it", errors=_WRITE_ERRORS)
async def edit_message(
    principal: Principal, messages: MessageService, message_id: UUID, body: PatchMessage, if_match: IfMatch
) -> MessageState:
    return await messages.edit(principal, message_id, body, if_match)


@routes.put(MESSAGE + "/feedback", summary="Say what a message was worth", errors=_WRITE_ERRORS)
async def rate_message(
    principal: Principal, messages: MessageService, message_id: UUID, body: Feedback, if_match: IfMatch
) -> MessageState:
    return await messages.rate(principal, message_id, body, if_match)
