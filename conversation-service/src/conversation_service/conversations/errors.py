"""What can go wrong with conversations."""

from shared.errors import NotFound


class ConversationNotFound(NotFound):
    code = "CONVERSATION_NOT_FOUND"
    message = "There is no such conversation."
