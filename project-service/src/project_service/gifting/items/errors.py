"""What can go wrong with the items of lists."""

from shared.errors import Conflict, NotFound


class ListItemNotFound(NotFound):
    code = "LIST_ITEM_NOT_FOUND"
    message = "There is no such item."


class ListItemInvalidTransition(Conflict):
    code = "LIST_ITEM_INVALID_TRANSITION"
    message = "The item goes one step forward at a time; who takes it, and admins, may take it back."


class ListItemClaimed(Conflict):
    code = "LIST_ITEM_CLAIMED"
    message = "Somebody else has taken it, or so much of it that your share is left no more."
