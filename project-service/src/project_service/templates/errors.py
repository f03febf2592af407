"""What can go wrong with templates."""

from shared.errors import NotFound


class TemplateNotFound(NotFound):
    code = "TEMPLATE_NOT_FOUND"
    message = "There is no such template."
