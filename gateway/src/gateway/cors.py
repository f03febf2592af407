"""Which web apps may call from a browser (CORS, Fetch standard), decided at the gateway and nowhere behind it."""

from collections.abc import Iterable

from gateway.request_head import METHODS, RequestHead

_EXPOSED = (
    "Content-Disposition, ETag, Location, X-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Idempotent-Replayed,"
    " Server-Timing"
)
_ALLOWED_HEADERS = (
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, traceparent, X-API-Key"
)
_PREFLIGHT_SECONDS = 600


class Cors:
    def __init__(self, origins: Iterable[str]) -> None:
        self._for_origin = {origin.encode(): _lines(origin) for origin in origins}
        self._for_others = b"vary: Origin\r\n" if self._for_origin else b""
        self._preflight = (
            f"access-control-allow-methods: {', '.join(sorted(METHODS))}\r\n"
            f"access-control-allow-headers: {_ALLOWED_HEADERS}\r\n"
            f"access-control-max-age: {_PREFLIGHT_SECONDS}\r\n"
        ).encode()

    def lines(self, origin: bytes | None) -> bytes:
        """Header lines for any answer to a request with this Origin."""
        return self._for_others if origin is None else self._for_origin.get(origin, self._for_others)

    def is_allowed(self, head: RequestHead) -> bool:
        """Whether a page of ours sent it: one of an allowed origin, or one served under the very address it asks."""
        origin = head.noted.get(b"origin")
        if origin is None:
            return False
        scheme, _, host = origin.partition(b"://")
        return origin in self._for_origin or (scheme in (b"http", b"https") and host == head.noted[b"host"])

    def preflight_lines(self, origin: bytes) -> bytes:
        """A foreign origin is told nothing, which its browser takes as a no."""
        return self._preflight if origin in self._for_origin else b""


def is_preflight(head: RequestHead) -> bool:
    return head.method == "OPTIONS" and b"origin" in head.noted and b"access-control-request-method" in head.noted


def _lines(origin: str) -> bytes:
    return (
        f"access-control-allow-origin: {origin}\r\n"
        "access-control-allow-credentials: true\r\n"
        f"access-control-expose-headers: {_EXPOSED}\r\n"
        f"timing-allow-origin: {origin}\r\n"
        "vary: Origin\r\n"
    ).encode()
