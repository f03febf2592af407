"""What can go wrong with API keys."""

from shared.errors import NotFound


class ApiKeyNotFound(NotFound):
    """Absent, revoked and somebody else's, alike."""

    code = "API_KEY_NOT_FOUND"
    message = "There is no such API key of yours."
