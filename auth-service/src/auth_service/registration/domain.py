"""Rules of registering: who may, and with what."""

from auth_service.accounts.domain import BAD_EMAIL
from auth_service.accounts.password_rules import PasswordRules
from auth_service.registration.errors import RegistrationClosed
from auth_service.registration.schemas import Register
from shared.email_address import is_email
from shared.errors import FieldError, ValidationFailed
from shared.wire_enum import WireEnum


class RegistrationMode(WireEnum):
    """Who may make an account: everybody, whoever was invited, or administrators for others."""

    OPEN = "open"
    INVITE = "invite"
    ADMIN = "admin"


def check_open(mode: RegistrationMode, *, is_invited: bool) -> None:
    """Raises RegistrationClosed."""
    if mode == RegistrationMode.ADMIN or (mode == RegistrationMode.INVITE and not is_invited):
        raise RegistrationClosed


def check_registration(request: Register, rules: PasswordRules) -> None:
    """Raises ValidationFailed with everything that is wrong."""
    wrong = list(rules.problems("password", request.password))
    if not is_email(request.email):
        wrong.insert(0, BAD_EMAIL)
    if request.invitation_token is not None and request.tenant_name is not None:
        wrong.append(FieldError("tenant_name", "invalid", "Whoever is invited joins a tenant that has a name."))
    if wrong:
        raise ValidationFailed(wrong)
