"""What auth-service signs in the audit log: where retention has cut a chain, and entries whose person was erased.

The key (Ed25519) follows from KEY_ENCRYPTION_SECRET: whoever owns the database alone cannot sign.
"""

from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth_service.audit.chain import Entry, Link, sealed_fields
from shared.sealing import derive_key

_CHECKPOINT = "tessera-audit-checkpoint-1"
_ERASED = "tessera-audit-erased-1"


class AuditSigner:
    def __init__(self, secret: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(derive_key(secret, "audit checkpoints"))
        self._public_key = self._key.public_key()

    def sign_checkpoint(self, tenant_id: UUID, end: Link) -> bytes:
        return self._key.sign(_checkpoint(tenant_id, end))

    def has_signed_checkpoint(self, tenant_id: UUID, end: Link, signature: bytes) -> bool:
        return self._is_right(signature, _checkpoint(tenant_id, end))

    def sign_erased(self, tenant_id: UUID, entry: Entry) -> bytes:
        """Of an entry whose hash was right before its personal fields went."""
        return self._key.sign(_erased(tenant_id, entry))

    def has_signed_erased(self, tenant_id: UUID, entry: Entry) -> bool:
        attestation = entry.record.attestation
        return attestation is not None and self._is_right(attestation, _erased(tenant_id, entry))

    def _is_right(self, signature: bytes, text: bytes) -> bool:
        try:
            self._public_key.verify(signature, text)
        except InvalidSignature:
            return False
        return True


def _checkpoint(tenant_id: UUID, end: Link) -> bytes:
    return msgspec.json.encode((_CHECKPOINT, tenant_id, end.seq, end.hash))


def _erased(tenant_id: UUID, entry: Entry) -> bytes:
    fields = sealed_fields(tenant_id, entry.record)
    return msgspec.json.encode((_ERASED, entry.seq, entry.previous_hash, entry.hash, *fields))
