"""What can go wrong with versions."""

from shared.errors import NotFound


class VersionNotFound(NotFound):
    code = "VERSION_NOT_FOUND"
    message = "There is no such version of this project's files."
    remedy = "List the versions: those older than the tier keeps are deleted."
