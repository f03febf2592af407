"""What can go wrong with messages."""

from shared.errors import NotFound, Unprocessable


class MessageNotFound(NotFound):
    code = "MESSAGE_NOT_FOUND"
    message = "There is no such message."


class ModelRequired(Unprocessable):
    code = "MODEL_REQUIRED"
    message = "A message of the assistant names the model that wrote it."
