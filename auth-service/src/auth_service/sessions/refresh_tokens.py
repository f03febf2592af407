"""Refresh tokens: opaque to clients, made so that neither the database nor the secret alone can produce one.

`tsr_` + base64url of session id (16 bytes), random part (32 bytes), tag (16 bytes). The tag proves that we issued it:
made-up tokens cost no query and cannot end anybody's session. The successor is derived from the token it replaces, so
every replica that is shown the same token answers with the same successor, while the database holds digests only.
"""

import base64
import binascii
import hashlib
import hmac
import os
from typing import NamedTuple
from uuid import UUID

from auth_service.sealing import derive_key

PREFIX = "tsr_"
ID_BYTES = 16
RANDOM_BYTES = 32
TAG_BYTES = 16
TEXT_LENGTH = len(PREFIX) + -(-(ID_BYTES + RANDOM_BYTES + TAG_BYTES) * 4 // 3)


class RefreshToken(NamedTuple):
    session_id: UUID
    text: str

    @property
    def digest(self) -> bytes:
        """What the database keeps of it."""
        return hashlib.sha256(self.text.encode()).digest()


class RefreshTokens:
    def __init__(self, secret: str) -> None:
        self._tag_key = derive_key(secret, "refresh token tags")
        self._successor_key = derive_key(secret, "refresh token successors")

    def first(self, session_id: UUID) -> RefreshToken:
        return self._token(session_id, os.urandom(RANDOM_BYTES))

    def successor(self, token: RefreshToken) -> RefreshToken:
        return self._token(token.session_id, _mac(self._successor_key, token.text.encode(), RANDOM_BYTES))

    def read(self, text: str) -> RefreshToken | None:
        """None unless the text is a token that we issued at some time."""
        if len(text) != TEXT_LENGTH or not text.startswith(PREFIX):
            return None
        try:
            raw = base64.b64decode(text.removeprefix(PREFIX) + "==", altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        body, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
        is_ours = hmac.compare_digest(tag, _mac(self._tag_key, body, TAG_BYTES))
        token = RefreshToken(UUID(bytes=body[:ID_BYTES]), _text(raw))
        return token if is_ours and token.text == text else None

    def _token(self, session_id: UUID, random_part: bytes) -> RefreshToken:
        body = session_id.bytes + random_part
        return RefreshToken(session_id, _text(body + _mac(self._tag_key, body, TAG_BYTES)))


def _mac(key: bytes, message: bytes, size: int) -> bytes:
    return hmac.digest(key, message, "sha256")[:size]


def _text(raw: bytes) -> str:
    return PREFIX + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
