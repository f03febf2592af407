"""What can go wrong with tokens that were mailed."""

from shared.errors import Gone


class TokenUsedOrExpired(Gone):
    """Used, expired, replaced and made up: the same."""

    code = "TOKEN_USED_OR_EXPIRED"
    message = "This link has been used or has expired: ask for a new one."
