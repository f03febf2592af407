"""HTTP for the messages of a conversation."""

from uuid import UUID

from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.conversations.routes import CONVERSATION
from conversation_service.messages.errors import ModelRequired
from conversation_service.messages.schemas import AddMessage, MessageQuery
from conversation_service.messages.service import MessageService
from shared.events.conversations import MessageState
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

MESSAGES = CONVERSATION + "/messages"

routes = Routes("messages", resource="conversations")


@routes.get(MESSAGES, summary="List the messages of a conversation", errors=[ConversationNotFound])
async def list_messages(
    principal: Principal, messages: MessageService, conversation_id: UUID, query: MessageQuery
) -> PageOf[MessageState]:
    return await messages.find(principal, conversation_id, query)


@routes.post(MESSAGES, summary="Append a message", errors=[ConversationNotFound, ModelRequired])
async def add_message(
    principal: Principal, messages: MessageService, conversation_id: UUID, body: AddMessage
) -> Created[MessageState]:
    return Created(await messages.add(principal, conversation_id, body))
