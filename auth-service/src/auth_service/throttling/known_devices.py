"""Devices on which an account has signed in before, known by a cookie that only we can make.

The cookie's tag binds it to one account and to the proof of its address. So nothing is stored, and a device of before
the proof is not known any more. Such a device has attempts of its own: whoever tries an account's passwords from the
owner's network does not lock them out. A stolen cookie is worth no more than the few attempts of one device.
"""

import hmac
from datetime import datetime

from auth_service.opaque_tokens import TAG_BYTES, OpaqueTokens
from shared.email_address import email_identity
from shared.ids import new_id
from shared.sealing import derive_key

COOKIE = "tessera_device"
COOKIE_SECONDS = 365 * 24 * 3600
PREFIX = "tsd_"


class KnownDevices:
    def __init__(self, secret: str) -> None:
        self._key = derive_key(secret, "known devices")

    def recognise(self, cookie: str | None, email: str, proven_at: datetime | None = None) -> str | None:
        """The id of the device that this account was signed in on, None for any other text."""
        token = self._tokens(email, proven_at).read(cookie) if cookie else None
        return None if token is None else str(token.id)

    def introduce(self, email: str, proven_at: datetime | None = None) -> str:
        """The cookie of a device that has just signed in for the first time."""
        return self._tokens(email, proven_at).new(new_id()).text

    def _tokens(self, email: str, proven_at: datetime | None) -> OpaqueTokens:
        proof = "" if proven_at is None else f"\n{proven_at.isoformat()}"
        account = f"{email_identity(email)}{proof}".encode()
        return OpaqueTokens(PREFIX, lambda body: hmac.digest(self._key, body + account, "sha256")[:TAG_BYTES])
