"""Signing keys: Ed25519 (RFC 8037), and how their public parts are published (RFC 7517)."""

import base64
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.ids import new_id


class SigningKey(NamedTuple):
    id: str
    private_key: Ed25519PrivateKey

    @property
    def public_bytes(self) -> bytes:
        return self.private_key.public_key().public_bytes_raw()


def new_signing_key() -> SigningKey:
    return SigningKey(new_id().hex, Ed25519PrivateKey.generate())


def key_set(keys: Sequence[SigningKey]) -> bytes:
    return msgspec.json.encode({"keys": [_public_part(key) for key in keys]})


def _public_part(key: SigningKey) -> dict[str, str]:
    x = base64.urlsafe_b64encode(key.public_bytes).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.id, "x": x}
