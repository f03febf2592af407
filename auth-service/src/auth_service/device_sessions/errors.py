"""What can go wrong with the list of devices."""

from shared.errors import NotFound


class SessionNotFound(NotFound):
    """Absent, ended, and somebody else's, alike."""

    code = "SESSION_NOT_FOUND"
    message = "There is no such session."
