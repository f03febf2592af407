"""The live topics kept here: a conversation is followed by nobody but the user it belongs to."""

from conversation_service.conversations import repository as conversations
from shared.db.unit_of_work import Work
from shared.events.topics import Topic
from shared.principal import Principal


async def can_see(work: Work, principal: Principal, topic: Topic) -> bool:
    conversation_id = topic.entity_id
    if topic.kind != "conversation" or topic.rest != str(conversation_id):
        return False
    return conversation_id is not None and await conversations.exists(work, principal, conversation_id)
