"""What can go wrong with lists."""

from shared.errors import NotFound


class ListNotFound(NotFound):
    code = "LIST_NOT_FOUND"
    message = "There is no such list."
