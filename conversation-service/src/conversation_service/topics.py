"""The live topics kept here: a conversation is followed by its user, a chat by those who take part."""

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
