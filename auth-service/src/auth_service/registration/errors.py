"""What can go wrong with registering."""

from shared.errors import Forbidden


class RegistrationClosed(Forbidden):
    code = "REGISTRATION_CLOSED"
    message = "New accounts are not open to everyone here."
