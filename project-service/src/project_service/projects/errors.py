"""What can go wrong with projects."""

from shared.errors import NotFound


class ProjectNotFound(NotFound):
    code = "PROJECT_NOT_FOUND"
    message = "There is no such project."
