"""What can go wrong with tasks."""

from shared.errors import NotFound


class TaskNotFound(NotFound):
    code = "TASK_NOT_FOUND"
    message = "There is no such task."
