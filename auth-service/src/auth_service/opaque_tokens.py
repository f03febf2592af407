"""Credentials that say nothing to whoever holds them: prefix + base64url of id (16 bytes), secret (32 bytes), check.

The database keeps a SHA-256 digest. That is right here and wrong for passwords: 256 random bits cannot be guessed, so
there is nothing for a slow hash to slow down, and the digest is compared on every use. The check refuses mistyped and
made-up tokens before any query; the id leads to one row, so no index tells by its timing how much of a guess was right.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from shared.sealing import derive_key

ID_BYTES = 16
SECRET_BYTES = 32
TAG_BYTES = 16
SUM_BYTES = 4

Check = Callable[[bytes], bytes]


class OpaqueToken(NamedTuple):
    id: UUID
    text: str

    @property
    def digest(self) -> bytes:
        """What the database keeps of it."""
        return hashlib.sha256(self.text.encode()).digest()


class OpaqueTokens:
    """One kind of token, told from all others by its prefix."""

    def __init__(self, prefix: str, check: Check) -> None:
        self._prefix = prefix
        self._check = check
        self._size = ID_BYTES + SECRET_BYTES + len(check(b""))

    def new(self, token_id: UUID) -> OpaqueToken:
        return self.of(token_id, os.urandom(SECRET_BYTES))

    def of(self, token_id: UUID, secret: bytes) -> OpaqueToken:
        body = token_id.bytes + secret
        return OpaqueToken(token_id, self._text(body + self._check(body)))

    def read(self, text: str) -> OpaqueToken | None:
        """None unless the text is, to the letter, what a token of this kind looks like."""
        encoded = text.removeprefix(self._prefix)
        if encoded == text or len(encoded) != -(-self._size * 4 // 3):
            return None
        try:
            raw = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        body = raw[: ID_BYTES + SECRET_BYTES]
        is_whole = hmac.compare_digest(raw[len(body) :], self._check(body))
        return OpaqueToken(UUID(bytes=body[:ID_BYTES]), text) if is_whole and self._text(raw) == text else None

    def _text(self, raw: bytes) -> str:
        return self._prefix + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def tagged(secret: str, purpose: str) -> Check:
    """Only we can make it, so a token that passes was issued here; another secret ends all of them."""
    key = derive_key(secret, purpose)
    return lambda body: hmac.digest(key, body, "sha256")[:TAG_BYTES]


def checksum(body: bytes) -> bytes:
    """Everybody can make it: it finds slips of the pen, and lets scanners know a leaked token for what it is."""
    return hashlib.sha256(body).digest()[:SUM_BYTES]
