"""What can go wrong when somebody is named."""

from shared.errors import NotFound


class UserNotFound(NotFound):
    code = "USER_NOT_FOUND"
    message = "There is no such user."
