"""The head of an HTTP/1.1 request (RFC 9112), read strictly: one meaning or a refusal.

Whatever two readers of the same bytes could frame differently is refused here, before routing: it is what request
smuggling is made of.
"""

import re

import msgspec

from gateway.canonical_path import Target, read_target
from gateway.errors import HeadTooLarge, TargetTooLong
from gateway.wire_limits import WireLimits
from shared.errors import BadRequest, MethodNotAllowed, UnsupportedMediaType

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""They change nothing (RFC 9110, section 9.2.1), and have no body here."""
_REPLAYABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^\x00-\x20\x7f]+) HTTP/1\.([01])")
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = rb"[^\x00-\x08\x0a-\x1f\x7f]*"
_FIELDS = re.compile(rb"(?:%b:%b\r\n)*" % (_TOKEN, _VALUE))
_FIELD = re.compile(rb"(%b):(%b)\r\n" % (_TOKEN, _VALUE))
_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_FRAMING_MISSPELT = re.compile(rb"(?i)\r\n(?:content_length|transfer_encoding)[ \t]*:")
_IN_NO_HEAD = re.compile(rb"\x00|(?<!\r)\n|\r[^\n]")

_FRAMING = frozenset({b"host", b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
_SINGLE = _FRAMING | {b"authorization", b"x-api-key", b"origin", b"content-type"}
_NOTED = _SINGLE | {
    b"connection",
    b"content-encoding",
    b"cookie",
    b"x-forwarded-for",
    b"forwarded",
    b"access-control-request-method",
    b"traceparent",
    b"user-agent",
}


class RequestHead(msgspec.Struct, frozen=True, gc=False):
    method: str
    target: Target
    is_http_11: bool
    headers: list[tuple[bytes, bytes]]
    """Names in lower case, in the order they came."""
    noted: dict[bytes, bytes]
    """The headers the gateway itself acts on; repeated ones joined by commas."""
    content_length: int | None
    is_chunked: bool
    connection_options: frozenset[bytes]

    @property
    def has_body(self) -> bool:
        return self.is_chunked or bool(self.content_length)

    @property
    def keeps_alive(self) -> bool:
        return self.is_http_11 and b"close" not in self.connection_options

    @property
    def expects_continue(self) -> bool:
        return b"expect" in self.noted and self.is_http_11

    @property
    def is_websocket(self) -> bool:
        return self.noted.get(b"upgrade", b"").lower() == b"websocket" and b"upgrade" in self.connection_options

    @property
    def is_replayable(self) -> bool:
        return self.method in _REPLAYABLE and not self.has_body


def check_unfinished(received: bytearray, start: int, limits: WireLimits) -> None:
    """Refuses a head that can no longer become a good one. Bytes before `start` were checked earlier."""
    if _IN_NO_HEAD.search(received, max(0, start - 1)):
        raise BadRequest("The head of the request holds a forbidden character.")
    if len(received) > limits.head:
        raise HeadTooLarge if b"\r\n" in received[: limits.target + 64] else TargetTooLong


def read_head(raw: bytes, limits: WireLimits) -> RequestHead:
    """Reads everything up to and including the empty line. Raises BadRequest (400, 414, 431) or MethodNotAllowed."""
    first, _, rest = raw[:-2].partition(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if line is None:
        raise TargetTooLong if len(first) > limits.target else BadRequest("The request line is not understandable.")
    if len(line[2]) > limits.target:
        raise TargetTooLong
    if len(raw) > limits.head:
        raise HeadTooLarge
    method = line[1].decode()
    if method not in METHODS:
        raise BadRequest if method == "CONNECT" else MethodNotAllowed(headers={"Allow": ", ".join(sorted(METHODS))})
    return _with_headers(method, read_target(line[2]), line[3] == b"1", rest, limits)


def _with_headers(method: str, target: Target, is_http_11: bool, fields: bytes, limits: WireLimits) -> RequestHead:
    if not _FIELDS.fullmatch(fields) or (b"_" in fields and _FRAMING_MISSPELT.search(b"\r\n" + fields)):
        raise BadRequest("A header of the request is not understandable.")
    headers = [(name.lower(), value.strip(b" \t")) for name, value in _FIELD.findall(fields)]
    if len(headers) > limits.header_count:
        raise HeadTooLarge
    noted = _noted(headers)
    length = noted.get(b"content-length")
    head = RequestHead(
        method,
        target,
        is_http_11,
        headers,
        noted,
        None if length is None else _length(length),
        b"transfer-encoding" in noted,
        _connection_options(noted),
    )
    _check_framing(head)
    return head


def _noted(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    noted: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _NOTED:
            if name not in noted:
                noted[name] = value
            elif name in _SINGLE:
                raise BadRequest("A header that may stand once was sent twice.")
            else:
                noted[name] += b"," + value
    return noted


def _length(value: bytes) -> int:
    if not _LENGTH.fullmatch(value):
        raise BadRequest("Content-Length is not a number.")
    return int(value)


def _connection_options(noted: dict[bytes, bytes]) -> frozenset[bytes]:
    value = noted.get(b"connection")
    if value is None:
        return frozenset()
    return frozenset(option.strip(b" \t") for option in value.lower().split(b","))


def _check_framing(head: RequestHead) -> None:
    noted = head.noted
    if not _HOST.fullmatch(noted.get(b"host", b"")):
        raise BadRequest("The request needs one valid Host header.")
    if head.is_chunked:
        is_plain = noted[b"transfer-encoding"].lower() == b"chunked"
        if not is_plain or not head.is_http_11 or head.content_length is not None:
            raise BadRequest("The length of the body is not clear.")
    if head.has_body and (head.method in SAFE_METHODS or b"upgrade" in noted):
        raise BadRequest("This request cannot have a body.")
    if head.has_body and noted.get(b"content-encoding", b"identity").lower() != b"identity":
        raise UnsupportedMediaType("The body may not be compressed.")
    if b"upgrade" in noted and not _is_known_upgrade(head):
        raise BadRequest("The request cannot be upgraded to that.")
    if noted.get(b"expect", b"100-continue").lower() != b"100-continue":
        raise BadRequest("The expectation of the request cannot be met.")


def _is_known_upgrade(head: RequestHead) -> bool:
    return head.method == "GET" and head.is_http_11 and head.noted[b"upgrade"].lower() == b"websocket"
