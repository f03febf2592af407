"""The personal fields of a record: sealed with a key that belongs to one person in one tenant.

Without the key they are gone, in the log as in every copy of it. What belongs to nobody is sealed with a key of the
month, so that the addresses of strangers end as well.
"""

import os
from datetime import datetime
from uuid import UUID

import msgspec

from shared.events.gateway import AuditRecord
from shared.sealing import KEY_BYTES, Seal

_PURPOSE = "audit keys"


class Personal(msgspec.Struct, frozen=True, array_like=True):
    ip: str | None = None
    user_agent: str | None = None
    request_body: str | None = None


_decode = msgspec.json.Decoder(Personal).decode


def person_of(user_id: UUID | None, at: datetime) -> UUID:
    """Whose key seals a record; of what belongs to nobody the month stands for a person (its digits are the id)."""
    return user_id or UUID(int=at.year * 100 + at.month)


class PersonKey:
    """Seals and opens the records of one person in one tenant."""

    def __init__(self, key: bytes) -> None:
        self._seal = Seal.of_key(key)

    def seal(self, record: AuditRecord) -> bytes:
        personal = Personal(record.ip, record.user_agent, record.request_body)
        return self._seal.close(msgspec.json.encode(personal), str(record.id))

    def open(self, record_id: UUID, sealed: bytes) -> Personal:
        """Raises SealError."""
        return _decode(self._seal.open(sealed, str(record_id)))


class KeySafe:
    """Keys at rest: sealed under KEY_ENCRYPTION_SECRET, each for its place."""

    def __init__(self, secret: str) -> None:
        self._seal = Seal(secret, _PURPOSE)

    def make(self, tenant_id: UUID, person_id: UUID) -> tuple[PersonKey, bytes]:
        """A new key, and its sealed form."""
        key = os.urandom(KEY_BYTES)
        return PersonKey(key), self._seal.close(key, _place(tenant_id, person_id))

    def open(self, tenant_id: UUID, person_id: UUID, sealed_key: bytes) -> PersonKey:
        """Raises SealError."""
        return PersonKey(self._seal.open(sealed_key, _place(tenant_id, person_id)))


def _place(tenant_id: UUID, person_id: UUID) -> str:
    return f"{tenant_id} {person_id}"
