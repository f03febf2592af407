"""Devices on which an account has signed in before, known by a cookie that only we can make.

The cookie's tag binds it to one account, so nothing is stored. Such a device has attempts of its own: whoever tries an
account's passwords from the owner's network does not lock them out. A stolen cookie is worth no more than the few
attempts of one device.
"""

import hmac

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

    def recognise(self, cookie: str | None, email: str) -> str | None:
        """The id of the device that this account was signed in on, None for any other text."""
        token = self._tokens(email).read(cookie) if cookie else None
        return None if token is None else str(token.id)

    def introduce(self, email: str) -> str:
        """The cookie of a device that has just signed in for the first time."""
        return self._tokens(email).new(new_id()).text

    def _tokens(self, email: str) -> OpaqueTokens:
        account = email_identity(email).encode()
        return OpaqueTokens(PREFIX, lambda body: hmac.digest(self._key, body + account, "sha256")[:TAG_BYTES])
