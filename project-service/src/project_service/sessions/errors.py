"""What can go wrong with workspace sessions."""

from shared.errors import NotFound


class SessionNotFound(NotFound):
    code = "SESSION_NOT_FOUND"
    message = "There is no such session."
