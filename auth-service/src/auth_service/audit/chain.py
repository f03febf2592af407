"""The chain that shows whether somebody has touched the log: each entry's hash covers the entry and the hash before it.

Nobody can change, drop or insert an entry without making every later hash wrong. What a chain cannot show alone is that
all of it from some entry on was made anew; for that its last hash has to be kept somewhere else (`verify_audit` prints
it).
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

import msgspec

from shared.events.gateway import AuditRecord

_FORM = "tessera-audit-1"
"""Names the form that is hashed; another form gets another name."""
START = bytes(32)
"""Stands for the hash before the first entry."""


class Link(NamedTuple):
    """The end of a chain: how many entries it has, and the hash of the last one."""

    seq: int
    hash: bytes


EMPTY = Link(0, START)


class Entry(NamedTuple):
    record: AuditRecord
    seq: int
    previous_hash: bytes
    hash: bytes


def chained(end: Link, tenant_id: UUID, records: Iterable[AuditRecord]) -> Iterator[Entry]:
    """Appends to a chain that ends there."""
    seq, previous = end
    for record in records:
        seq += 1
        digest = hash_of(tenant_id, seq, previous, record)
        yield Entry(record, seq, previous, digest)
        previous = digest


def hash_of(tenant_id: UUID, seq: int, previous: bytes, record: AuditRecord) -> bytes:
    fields = msgspec.structs.astuple(msgspec.structs.replace(record, tenant_id=tenant_id))
    return hashlib.sha256(previous + msgspec.json.encode((_FORM, seq, *fields))).digest()


def first_fault(end: Link, tenant_id: UUID, entries: Iterable[Entry]) -> str | None:
    """What is wrong with entries that should follow that end; None if nothing is."""
    seq, previous = end
    for entry in entries:
        seq += 1
        if entry.seq != seq:
            return f"entry {seq} is missing"
        if entry.previous_hash != previous:
            return f"entry {seq} does not follow the entry before it"
        if entry.hash != hash_of(tenant_id, seq, previous, entry.record):
            return f"entry {seq} was changed"
        previous = entry.hash
    return None
