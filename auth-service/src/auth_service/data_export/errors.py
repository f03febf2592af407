"""What can go wrong with data exports."""

from shared.errors import NotFound


class ExportNotFound(NotFound):
    """Absent, expired, and somebody else's, alike."""

    code = "EXPORT_NOT_FOUND"
    message = "There is no such export (any more)."
