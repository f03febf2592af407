"""What can go wrong with occasions."""

from shared.errors import NotFound


class OccasionNotFound(NotFound):
    code = "OCCASION_NOT_FOUND"
    message = "There is no such occasion."
