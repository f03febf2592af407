"""What can go wrong with answers of a model, beside what the model itself does wrong."""

from shared.errors import Conflict, NotFound, Unprocessable


class RunNotFound(NotFound):
    code = "RUN_NOT_FOUND"
    message = "There is no such run."


class CompletionAlreadyRunning(Conflict):
    """`details.run_id` names it."""

    code = "COMPLETION_ALREADY_RUNNING"
    message = "An answer is being written in this conversation already."
    remedy = "Follow the run that details name, or stop it first."


class NothingToAnswer(Unprocessable):
    code = "NOTHING_TO_ANSWER"
    message = "There is no message that waits for an answer."
    remedy = "Send content."
