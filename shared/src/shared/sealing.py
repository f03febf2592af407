"""Encryption at rest: each purpose has its own key, derived from KEY_ENCRYPTION_SECRET (HKDF-SHA256, AES-256-GCM)."""

import os
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12  # what AES-GCM is specified for (NIST SP 800-38D)


class SealError(ValueError):
    """The sealed bytes were changed, moved to another place, or sealed under another secret."""


def derive_key(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"tessera {purpose}".encode()).derive(secret.encode())


class Seal:
    """Seals small secrets. `place` is bound into the seal: what was sealed for one row opens in no other."""

    def __init__(self, secret: str, purpose: str) -> None:
        self._cipher = AESGCM(derive_key(secret, purpose))

    @classmethod
    def of_key(cls, key: bytes) -> Self:
        """With a random key of its own, of KEY_BYTES: whoever loses the key has lost what it sealed."""
        seal = cls.__new__(cls)
        seal._cipher = AESGCM(key)
        return seal

    def close(self, plain: bytes, place: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Raises SealError."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealError("these bytes were not sealed here") from error
