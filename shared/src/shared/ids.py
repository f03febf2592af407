"""Identifiers: UUIDv7 (RFC 9562), so that ids made later sort later and index pages stay warm."""

from datetime import datetime
from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    return UUID(int=uuid_utils.uuid7().int)


def first_id_at(moment: datetime) -> UUID:
    """The lower bound of ids made at `moment`: ids of the same millisecond follow it, older ids come before it."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7000 << 64 | 0x8000 << 48)
