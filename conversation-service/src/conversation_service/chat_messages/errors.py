"""What can go wrong with messages in chats."""

from shared.errors import Conflict, NotFound


class ChatMessageNotFound(NotFound):
    """Also a deleted one, of which only the place is left."""

    code = "CHAT_MESSAGE_NOT_FOUND"
    message = "There is no such message in this chat."


class TooManyReactions(Conflict):
    code = "CHAT_REACTION_LIMIT"
    message = "There are enough different reactions to this message."
    remedy = "Use one of the reactions that are there."
