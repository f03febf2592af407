"""The head of a request as a service gets it: what the client may say, then what only the gateway may say."""

import os

from gateway.canonical_path import Target
from gateway.forwarded_headers import from_clients
from gateway.request_head import RequestHead
from gateway.route_table import Row
from shared.telemetry.tracing import read_traceparent

UPGRADED = b"connection: Upgrade\r\nupgrade: websocket\r\n"


def new_trace_id() -> str:
    return os.urandom(16).hex()


def trace_id_of(head: RequestHead) -> str:
    """The client's own where it sends a valid traceparent, so that its trace goes on in ours."""
    sent = head.noted.get(b"traceparent")
    parent = read_traceparent(sent.decode("latin-1")) if sent else None
    return parent.trace_id if parent else new_trace_id()


def asks_for_websocket(head: RequestHead, row: Row) -> bool:
    return row.accepts_websocket and head.is_websocket


class OutgoingHeads:
    def __init__(self) -> None:
        self._filter = from_clients()

    def for_service(
        self, head: RequestHead, target: Target, row: Row, *, host: bytes, identity: bytes, address: str, trace_id: str
    ) -> bytes:
        """`host` and `identity` are whole header lines; the latter may be empty."""
        lines = [f"{head.method} ".encode(), target.raw, b" HTTP/1.1\r\n", host]
        lines += self._from_client(head)
        if row.keeps_cookies:
            lines += [b"cookie: %b\r\n" % value for name, value in head.headers if name == b"cookie"]
        own = f"x-forwarded-for: {address}\r\n{_traceparent_line(trace_id)}"
        lines += (identity, own.encode(), _framing(head, row), b"\r\n")
        return b"".join(lines)

    def for_application(self, head: RequestHead, trace_id: str) -> bytes:
        """For the gateway's own addresses. One request, then the connection ends: what follows was not checked."""
        lines = [f"{head.method} ".encode(), head.target.raw, b" HTTP/1.1\r\nhost: gateway\r\n"]
        lines += self._from_client(head)
        lines.append(f"{_traceparent_line(trace_id)}connection: close\r\n\r\n".encode())
        return b"".join(lines)

    def _from_client(self, head: RequestHead) -> list[bytes]:
        passes, nominated = self._filter.passes, head.connection_options
        return [b"%b: %b\r\n" % field for field in head.headers if passes(field[0]) and field[0] not in nominated]


def _framing(head: RequestHead, row: Row) -> bytes:
    if asks_for_websocket(head, row):
        return UPGRADED
    if head.is_chunked:
        return b"transfer-encoding: chunked\r\n"
    return b"" if head.content_length is None else b"content-length: %d\r\n" % head.content_length


def _traceparent_line(trace_id: str) -> str:
    return f"traceparent: 00-{trace_id}-{os.urandom(8).hex()}-01\r\n"
