"""What can go wrong with second factors."""

from shared.errors import Conflict, Unauthorized


class MfaRequired(Unauthorized):
    """The password was right; `details.mfa_token` and a code finish signing in."""

    code = "AUTH_MFA_REQUIRED"
    message = "Give the code of your authenticator app, or a recovery code."


class MfaInvalid(Unauthorized):
    """Wrong, used before, too late, and tried too often, alike."""

    code = "AUTH_MFA_INVALID"
    message = "This code is not valid (any more)."


class MfaAlreadyEnabled(Conflict):
    code = "MFA_ALREADY_ENABLED"
    message = "A second factor is in use already: remove it first."


class MfaNotEnabled(Conflict):
    code = "MFA_NOT_ENABLED"
    message = "There is no second factor to confirm or to remove."
