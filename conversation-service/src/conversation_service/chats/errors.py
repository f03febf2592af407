"""What can go wrong with chats."""

from uuid import UUID

from shared.errors import Conflict, NotFound


class ChatNotFound(NotFound):
    code = "CHAT_NOT_FOUND"
    message = "There is no such chat."


class ChatParticipantNotFound(NotFound):
    code = "CHAT_PARTICIPANT_NOT_FOUND"
    message = "Nobody like that takes part in this chat."


class ChatExists(Conflict):
    """`details.chat_id` is the one there is."""

    code = "CHAT_EXISTS"
    message = "These two people have a direct chat already."
    remedy = "Use the chat that details.chat_id names."

    def __init__(self, chat_id: UUID) -> None:
        super().__init__(details={"chat_id": chat_id})


class ChatParticipantExists(Conflict):
    code = "CHAT_PARTICIPANT_EXISTS"
    message = "This person takes part already."


class ChatParticipantsFixed(Conflict):
    code = "CHAT_PARTICIPANTS_FIXED"
    message = "Who takes part in this chat is decided elsewhere: two people talk directly, a project has its team."
    remedy = "Begin a group chat, or change the team of the project."
