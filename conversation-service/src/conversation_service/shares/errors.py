"""What can go wrong with shared branches."""

from shared.errors import NotFound


class ShareNotFound(NotFound):
    """Never made, revoked, expired or gone with its conversation: nobody can tell."""

    code = "SHARE_NOT_FOUND"
    message = "There is nothing shared under this link any more."
    remedy = "Ask whoever gave you the link for a new one."
