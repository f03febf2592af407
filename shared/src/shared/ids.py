"""Identifiers: UUIDv7 (RFC 9562), so that ids made later sort later and index pages stay warm."""

from uuid import UUID

import uuid_utils


def new_id() -> UUID:
    return UUID(int=uuid_utils.uuid7().int)
