"""The session cookie's value: a credential of its own that lives as long as its session."""

from datetime import datetime
from typing import NamedTuple

from auth_service.opaque_tokens import OpaqueToken, OpaqueTokens, tagged

PREFIX = "tsc_"


class SessionCookie(NamedTuple):
    """The id inside the token is the session's."""

    token: OpaqueToken
    expires_at: datetime


def cookie_tokens(secret: str) -> OpaqueTokens:
    return OpaqueTokens(PREFIX, tagged(secret, "session cookie tags"))
