"""The live topics kept here: a conversation is followed by its user, a chat by those who take part."""

from datetime import datetime

from conversation_service.chats import participants
from conversation_service.chats.repository import can_view
from conversation_service.conversations import repository as conversations
from shared.db.unit_of_work import Work
from shared.events.topics import Topic
from shared.principal import Principal


async def can_see(work: Work, principal: Principal, topic: Topic) -> bool:
    entity_id = topic.entity_id
    if entity_id is None or topic.rest != str(entity_id):
        return False
    if topic.kind == "chat":
        return await can_view(work, principal.tenant_id, principal.user_id, entity_id)
    return topic.kind == "conversation" and await conversations.exists(work, principal, entity_id)


async def admitted_at(work: Work, principal: Principal, topic: Topic) -> datetime | None:
    """Former titles of a chat are shown by no address; its messages are listed to whoever comes later, too."""
    if topic.kind != "chat" or topic.entity_id is None:
        return None
    return await participants.joined_at(work, principal.tenant_id, principal.user_id, topic.entity_id)
