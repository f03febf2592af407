"""What can go wrong with gifts."""

from shared.errors import NotFound


class GiftNotFound(NotFound):
    code = "GIFT_NOT_FOUND"
    message = "There is no such gift."
