"""What can go wrong with carrying a session from one device to another."""

from shared.errors import Gone


class SessionTokenExpired(Gone):
    """Used, late, and never issued, alike."""

    code = "SESSION_TOKEN_EXPIRED"
    message = "This link was used before or is too old: ask for a new one."
