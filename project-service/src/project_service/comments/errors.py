"""What can go wrong with comments."""

from shared.errors import NotFound


class CommentNotFound(NotFound):
    code = "COMMENT_NOT_FOUND"
    message = "There is no such comment."
