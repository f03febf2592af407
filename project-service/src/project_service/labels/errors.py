"""What can go wrong with labels."""

from shared.errors import Conflict, NotFound


class LabelNotFound(NotFound):
    code = "LABEL_NOT_FOUND"
    message = "There is no such label."


class LabelExists(Conflict):
    code = "LABEL_EXISTS"
    message = "The project has a label of this name already."
