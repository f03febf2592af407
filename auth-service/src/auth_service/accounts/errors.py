"""What can go wrong with accounts."""

from shared.errors import Conflict, NotFound, Unauthorized, Unavailable


class EmailTaken(Conflict):
    code = "AUTH_EMAIL_TAKEN"
    message = "There is already an account with this e-mail address."


class UserNotFound(NotFound):
    code = "USER_NOT_FOUND"
    message = "There is no such user."


class PasswordChecksBusy(Unavailable):
    message = "Too many people are signing in just now: try again shortly."


class InvalidPassword(Unauthorized):
    """Of somebody who is signed in and has to show it again."""

    code = "INVALID_PASSWORD"
    message = "The password is wrong."
