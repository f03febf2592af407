"""What can go wrong with tasks."""

from shared.errors import Conflict, NotFound, Unprocessable


class TaskNotFound(NotFound):
    code = "TASK_NOT_FOUND"
    message = "There is no such task."


class TaskBlocked(Conflict):
    """`details.open` holds id, title and status of what has to be done first."""

    code = "TASK_BLOCKED"
    message = "The task depends on others that are not done."


class TaskDependencyCycle(Conflict):
    code = "TASK_DEPENDENCY_CYCLE"
    message = "The other task depends on this one already."


class TaskDependencyLimit(Conflict):
    code = "TASK_DEPENDENCY_LIMIT"
    message = "A task depends on 100 others at most."


class BulkInvalid(Unprocessable):
    """`details.operations` holds index, code, message and details of each operation that cannot be done."""

    code = "TASK_BULK_INVALID"
    message = "Nothing was done: some operations are wrong; details.operations names each."


class BulkConflict(Conflict):
    """The same, where what was asked for is right and only the state of the tasks is against it."""

    code = "TASK_BULK_CONFLICT"
    message = "Nothing was done: some operations do not fit the tasks as they are; details.operations names each."
