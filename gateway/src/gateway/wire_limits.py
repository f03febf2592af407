"""How much and how slowly a client may send before the gateway stops listening to it."""

import msgspec

from shared.http.app import HEAD_BYTES

KIB = 1024


class WireLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes, times in seconds."""

    target: int = 8 * KIB
    head: int = 32 * KIB
    service_head: int = HEAD_BYTES
    """Of what is sent on, without credentials and with the identity."""
    header_count: int = 100
    head_seconds: float = 10.0
    body_idle_seconds: float = 15.0
    body_bytes_per_second: int = KIB
    """A body that has come slower than this on the whole, but for one idle time, comes from a client that drips it."""
    keep_alive_seconds: float = 75.0
    connect_seconds: float = 2.0
    unread_seconds: float = 30.0
    """How long a client may leave answers unread before it asks more; its next request waits meanwhile."""
    answer_bytes_per_second: int = KIB
    """A client that reads less of what it was answered last does not count as one that reads."""
    linger_seconds: float = 2.0
    """How long a refused client may go on sending, so that it can read why before the connection is reset."""
    sweep_seconds: float = 0.25
    """Deadlines are looked at this often; one timer serves all connections."""
    held_bytes: int = 64 * KIB
    """Kept of what a client sends ahead of its turn, and of what either side is slow to read."""
