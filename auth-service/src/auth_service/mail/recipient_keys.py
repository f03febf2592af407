"""Unique keys of the jobs of letters: by them all letters to an address are found, and none shows where it goes."""

import hmac
from typing import NamedTuple
from uuid import UUID

from shared.email_address import email_identity
from shared.sealing import derive_key

_BEHIND_HEX = "g"
"""Sorts behind every digit of a hexadecimal number, under any collation."""


class KeyRange(NamedTuple):
    """Both ends included."""

    first: str
    last: str


class RecipientKeys:
    """A key begins with a digest of the address, which nobody can make without the `secret`."""

    def __init__(self, secret: str) -> None:
        self._key = derive_key(secret, "recipients of mail")

    def key_of(self, recipient: str, mail_id: UUID) -> str:
        return self._digest(recipient) + mail_id.hex

    def range_of(self, recipient: str) -> KeyRange:
        """The keys of all letters to this address, in any spelling of it."""
        digest = self._digest(recipient)
        return KeyRange(digest, digest + _BEHIND_HEX)

    def _digest(self, recipient: str) -> str:
        return hmac.digest(self._key, email_identity(recipient).encode(), "sha256").hex()
