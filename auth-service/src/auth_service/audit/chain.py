"""The chain that shows whether somebody has touched the log: each entry's hash covers the entry and the hash before it.

Nobody can change, drop or insert an entry without making every later hash wrong. What a chain cannot show alone is that
all of it from some entry on was made anew; for that its last hash has to be kept somewhere else (`verify_audit` prints
it). What stands for entries that are no more is signed (`signing`).
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec

_PLAIN_FORM = "tessera-audit-1"
_SEALED_FORM = "tessera-audit-2"
"""Name the form that is hashed; another form gets another name."""
START = bytes(32)
"""Stands for the hash before the first entry."""


class Form(IntEnum):
    ERASED = 0
    """Was plain; its personal fields are gone, and the service has signed what is left together with the old hash."""
    PLAIN = 1
    """Of before personal fields were sealed: they stand in the row and in the hash."""
    SEALED = 2
    """The hash covers the sealed personal fields: it stays right when nobody can open them any more."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the log, as it is hashed. JSON is text."""

    id: UUID
    user_id: UUID | None
    session_id: UUID | None
    api_key_id: UUID | None
    action: str
    endpoint: str
    method: str
    status_code: int
    outcome: str
    ip: str | None = None
    user_agent: str | None = None
    request_body: str | None = None
    request_bytes: int
    response_ms: float
    trace_id: str
    created_at: datetime
    recorded_at: datetime
    form: Form = Form.SEALED
    personal: bytes | None = None
    aggregate: str | None = None
    attestation: bytes | None = None


class Link(NamedTuple):
    """The end of a chain: how many entries it has, and the hash of the last one."""

    seq: int
    hash: bytes


EMPTY = Link(0, START)


class Entry(NamedTuple):
    record: Stored
    seq: int
    previous_hash: bytes
    hash: bytes


class Attestations(Protocol):
    def has_signed_erased(self, tenant_id: UUID, entry: Entry) -> bool: ...


def chained(end: Link, tenant_id: UUID, records: Iterable[Stored]) -> Iterator[Entry]:
    """Appends to a chain that ends there."""
    seq, previous = end
    for record in records:
        seq += 1
        digest = hash_of(tenant_id, seq, previous, record)
        yield Entry(record, seq, previous, digest)
        previous = digest


def hash_of(tenant_id: UUID, seq: int, previous: bytes, record: Stored) -> bytes:
    fields = _plain_fields(tenant_id, record) if record.form is Form.PLAIN else sealed_fields(tenant_id, record)
    form = _PLAIN_FORM if record.form is Form.PLAIN else _SEALED_FORM
    return hashlib.sha256(previous + msgspec.json.encode((form, seq, *fields))).digest()


def first_fault(end: Link, tenant_id: UUID, entries: Iterable[Entry], attestations: Attestations) -> str | None:
    """What is wrong with entries that should follow that end; None if nothing is."""
    seq, previous = end
    for entry in entries:
        seq += 1
        if entry.seq != seq:
            return f"entry {seq} is missing"
        if entry.previous_hash != previous:
            return f"entry {seq} does not follow the entry before it"
        if not _is_unchanged(tenant_id, entry, attestations):
            return f"entry {seq} was changed"
        previous = entry.hash
    return None


def sealed_fields(tenant_id: UUID, record: Stored) -> tuple[object, ...]:
    """Whatever can be read without a person's key."""
    return (
        *_what(tenant_id, record),
        record.personal,
        *_how(record),
        record.recorded_at,
        record.aggregate,
    )


def _is_unchanged(tenant_id: UUID, entry: Entry, attestations: Attestations) -> bool:
    record = entry.record
    if record.form is not Form.PLAIN and (record.ip, record.user_agent, record.request_body) != (None, None, None):
        return False
    if record.form is Form.ERASED:
        return attestations.has_signed_erased(tenant_id, entry)
    return entry.hash == hash_of(tenant_id, entry.seq, entry.previous_hash, entry.record)


def _plain_fields(tenant_id: UUID, record: Stored) -> tuple[object, ...]:
    return (
        *_what(tenant_id, record),
        record.ip,
        record.user_agent,
        record.request_body,
        *_how(record),
    )


def _what(tenant_id: UUID, record: Stored) -> tuple[object, ...]:
    """Where both forms begin."""
    return (
        record.id,
        tenant_id,
        record.user_id,
        record.session_id,
        record.api_key_id,
        record.action,
        record.endpoint,
        record.method,
        record.status_code,
        record.outcome,
    )


def _how(record: Stored) -> tuple[object, ...]:
    """What both forms have behind the personal fields."""
    return (record.request_bytes, record.response_ms, record.trace_id, record.created_at)
