"""Refresh tokens: opaque to clients, made so that neither the database nor the secret alone can produce one.

The tag proves that we issued a token: made-up ones cost no query and cannot end anybody's session. The successor is
derived from the token it replaces, so every replica that is shown the same token answers with the same successor, while
the database holds digests only.
"""

import hashlib
import hmac
from typing import NamedTuple
from uuid import UUID

from auth_service.opaque_tokens import SECRET_BYTES, OpaqueToken, OpaqueTokens, tagged
from shared.sealing import derive_key

PREFIX = "tsr_"


class RefreshToken(NamedTuple):
    session_id: UUID
    text: str

    @property
    def digest(self) -> bytes:
        """What the database keeps of it."""
        return hashlib.sha256(self.text.encode()).digest()


class RefreshTokens:
    def __init__(self, secret: str) -> None:
        self._tokens = OpaqueTokens(PREFIX, tagged(secret, "refresh token tags"))
        self._successor_key = derive_key(secret, "refresh token successors")
        self._cookie_key = derive_key(secret, "refresh by cookie")

    def first(self, session_id: UUID) -> RefreshToken:
        return RefreshToken(*self._tokens.new(session_id))

    def successor(self, token: RefreshToken) -> RefreshToken:
        return self._derived(self._successor_key, token.session_id, token.text.encode())

    def successor_by_cookie(self, cookie: OpaqueToken, replaced_digest: bytes) -> RefreshToken:
        """The one that takes the place of the token with this digest, for whoever holds the session's cookie."""
        return self._derived(self._cookie_key, cookie.id, cookie.text.encode() + replaced_digest)

    def read(self, text: str) -> RefreshToken | None:
        """None unless the text is a token that we issued at some time."""
        token = self._tokens.read(text)
        return None if token is None else RefreshToken(*token)

    def _derived(self, key: bytes, session_id: UUID, source: bytes) -> RefreshToken:
        return RefreshToken(*self._tokens.of(session_id, hmac.digest(key, source, "sha256")[:SECRET_BYTES]))
