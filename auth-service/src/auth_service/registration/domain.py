"""Rules of registering: who may, and with what."""

from auth_service.accounts.email_address import is_email
from auth_service.accounts.password_rules import PasswordRules
from shared.errors import FieldError, ValidationFailed
from shared.wire_enum import WireEnum


class RegistrationMode(WireEnum):
    """Who may make an account: everybody, whoever was invited, or administrators for others."""

    OPEN = "open"
    INVITE = "invite"
    ADMIN = "admin"


def check_registration(email: str, password: str, rules: PasswordRules) -> None:
    """Raises ValidationFailed with everything that is wrong."""
    wrong = list(rules.problems("password", password))
    if not is_email(email):
        wrong.insert(0, FieldError("email", "invalid_format", "This is not an e-mail address we can use."))
    if wrong:
        raise ValidationFailed(wrong)
