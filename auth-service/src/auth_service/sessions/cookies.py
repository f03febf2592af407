"""The session cookie's value: a credential of its own that is replaced whenever the session is refreshed by it."""

import hmac
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import NamedTuple
from uuid import UUID

from auth_service.opaque_tokens import SECRET_BYTES, OpaqueToken, OpaqueTokens, tagged
from auth_service.sessions.domain import GRACE
from shared.sealing import derive_key
from shared.session_cookie import HOST_VALUE

PREFIX = "tsc_"


class SessionCookie(NamedTuple):
    """The id inside the token is the session's."""

    token: OpaqueToken
    expires_at: datetime


class CookieTokens:
    """`is_protected`: they are set under the `__Host-` name. Values of both names are read."""

    def __init__(self, secret: str, *, is_protected: bool) -> None:
        plain = OpaqueTokens(PREFIX, tagged(secret, "session cookie tags"))
        protected = OpaqueTokens(HOST_VALUE, tagged(secret, "protected session cookie tags"))
        self._kinds = (protected, plain)
        self._made = protected if is_protected else plain
        self._successor_key = derive_key(secret, "session cookie successors")

    def new(self, session_id: UUID) -> OpaqueToken:
        return self._made.new(session_id)

    def read(self, text: str) -> OpaqueToken | None:
        """None unless the text is a cookie that we issued at some time."""
        return next((found for kind in self._kinds if (found := kind.read(text)) is not None), None)

    def successor(self, cookie: OpaqueToken) -> OpaqueToken:
        """The same on every replica that is shown this cookie."""
        secret = hmac.digest(self._successor_key, cookie.text.encode(), "sha256")[:SECRET_BYTES]
        return self._made.of(cookie.id, secret)


class CookieState(NamedTuple):
    """What is known of a session's cookies, as digests."""

    cookie_digest: bytes | None
    previous_cookie_digest: bytes | None
    cookie_set_at: datetime


class CookieVerdict(Enum):
    CURRENT = auto()
    JUST_REPLACED = auto()
    REPLACED = auto()
    OVER = auto()


def judge_cookie(state: CookieState, cookie: OpaqueToken, now: datetime, life: timedelta) -> CookieVerdict:
    """`cookie` was issued by us for this session; `life` is its `Max-Age`, counted from when it was set."""
    age = now - state.cookie_set_at
    if state.cookie_digest is None or age >= life:
        return CookieVerdict.OVER
    if cookie.digest == state.cookie_digest:
        return CookieVerdict.CURRENT
    is_parent = cookie.digest == state.previous_cookie_digest
    return CookieVerdict.JUST_REPLACED if is_parent and age < GRACE else CookieVerdict.REPLACED
