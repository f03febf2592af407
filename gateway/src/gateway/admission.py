"""The outcome of a good credential: who it is, until when, and the identities signed from it."""

import msgspec

from gateway.route_table import Service
from shared.identity import EXPIRES_HEADER
from shared.principal import Principal


class Admission(msgspec.Struct):
    principal: Principal
    expires_at: int | None
    """Unix seconds."""
    identities: dict[Service, tuple[float, bytes]] = {}
    """By audience: until when it may be sent again, and the header line."""


def expiry_line(admission: Admission) -> bytes:
    """The header line that tells a live connection when its credential ends; empty when it does not."""
    expires_at = admission.expires_at
    return b"" if expires_at is None else f"{EXPIRES_HEADER}: {expires_at}\r\n".encode()
