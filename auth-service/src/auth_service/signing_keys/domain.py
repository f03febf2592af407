"""Signing keys: Ed25519 (RFC 8037), how their public parts are published (RFC 7517), and how one takes over.

A new key is published `LEAD` before it signs, so everybody who verifies has read it by then. The one before stays
published for `OVERLAP` after that, which is longer than the last token it signed can live.
"""

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.ids import new_id

LEAD = timedelta(minutes=15)  # verifiers read keys again every 5 minutes, caches in between keep them as long
OVERLAP = timedelta(minutes=75)  # access tokens live an hour at most; replicas may be a little behind each other


class SigningKey(NamedTuple):
    id: str
    private_key: Ed25519PrivateKey
    signs_from: datetime

    @property
    def public_bytes(self) -> bytes:
        return self.private_key.public_key().public_bytes_raw()


def new_signing_key(signs_from: datetime) -> SigningKey:
    return SigningKey(new_id().hex, Ed25519PrivateKey.generate(), signs_from)


def signer_at(keys: Sequence[SigningKey], now: datetime) -> SigningKey:
    """The youngest whose time has come. `keys` are sorted, the youngest first, and not empty."""
    return next((key for key in keys if key.signs_from <= now), keys[-1])


def key_set(keys: Sequence[SigningKey]) -> bytes:
    return msgspec.json.encode({"keys": [_public_part(key) for key in keys]})


def _public_part(key: SigningKey) -> dict[str, str]:
    x = base64.urlsafe_b64encode(key.public_bytes).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id, "x": x}
