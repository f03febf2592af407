"""What can go wrong with messages."""

from shared.errors import Unprocessable


class ModelRequired(Unprocessable):
    code = "MODEL_REQUIRED"
    message = "A message of the assistant names the model that wrote it."
