"""What can go wrong with signing in and staying signed in."""

from shared.errors import Unauthorized


class InvalidCredentials(Unauthorized):
    """Unknown address, wrong password and disabled account: the same, to the byte."""

    code = "AUTH_INVALID_CREDENTIALS"
    message = "E-mail address or password is wrong."


class RefreshInvalid(Unauthorized):
    code = "AUTH_REFRESH_INVALID"
    message = "This refresh token is not valid (any more): sign in again."


class RefreshReused(Unauthorized):
    code = "AUTH_REFRESH_REUSED"
    message = "This refresh token was used before, so its session has been ended: sign in again."
