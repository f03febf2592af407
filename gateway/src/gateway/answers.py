"""The bytes of an answer's head, whoever made the answer: status line, trace id, CORS and security headers."""

from http import HTTPStatus

from gateway.cors import Cors
from gateway.forwarded_headers import from_services
from gateway.request_head import RequestHead
from gateway.upstream import WITHOUT_BODY, AnswerHead
from shared.errors import TesseraError, Unauthorized
from shared.http.envelope import error_body

_ALWAYS = b"x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n"
_HTTPS_ONLY = b"strict-transport-security: max-age=31536000\r\n"
_INERT = b"content-security-policy: default-src 'none'; frame-ancestors 'none'\r\n"
_END = b'"}}'
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def answer_framing(answer: AnswerHead, request: RequestHead, *, keeps_alive: bool) -> tuple[bytes, bool]:
    """The header lines about length and connection, and whether the body goes out in chunks."""
    closing = b"" if keeps_alive else b"connection: close\r\n"
    is_bodiless = request.method == "HEAD" or answer.status in WITHOUT_BODY
    if answer.length is not None:
        is_told = answer.status not in WITHOUT_BODY
        return (b"content-length: %b\r\n%b" % (answer.length, closing) if is_told else closing), False
    if is_bodiless or not request.is_http_11:
        return closing, False
    return b"transfer-encoding: chunked\r\n" + closing, True


class Answers:
    def __init__(self, cors: Cors, *, is_https: bool = False) -> None:
        """`is_https`: people reach us by https, whatever reaches this process."""
        self._cors = cors
        self._always = _ALWAYS + (_HTTPS_ONLY if is_https else b"")
        self._filter = from_services()
        self._bodies: dict[type[TesseraError], bytes] = {}
        self._status_lines = {int(status): _status_line(int(status), status.phrase) for status in HTTPStatus}

    def passed_on(
        self, status: int, headers: list[tuple[bytes, bytes]], trace_id: str, origin: bytes | None, framing: bytes
    ) -> bytes:
        """A service's head, cleaned. `framing` holds our own lines about this one answer."""
        passes = self._filter.passes
        lines = [self._status_lines.get(status) or _status_line(status, "")]
        is_inert = True
        for name, value in headers:
            if passes(name):
                lines.append(b"%b: %b\r\n" % (name, value))
                if is_inert and name.lower() == b"content-security-policy":
                    is_inert = False
        if is_inert:
            lines.append(_INERT)
        lines += (self._own_lines(trace_id, origin), framing, b"\r\n")
        return b"".join(lines)

    def error(
        self,
        error: TesseraError,
        trace_id: str,
        origin: bytes | None,
        *,
        closes: bool,
        is_head: bool,
        limits: bytes = b"",
    ) -> bytes:
        """A whole answer in the error envelope."""
        body = self._body(error, trace_id)
        lines = [self._status_lines[error.status], b"content-type: application/json\r\n", _INERT]
        lines += [f"{name.lower()}: {value}\r\n".encode() for name, value in error.headers.items()]
        if isinstance(error, Unauthorized):
            lines.append(b"www-authenticate: Bearer\r\n")
        framing = b"content-length: %d\r\n%b" % (len(body), b"connection: close\r\n" if closes else b"")
        lines += (limits, self._own_lines(trace_id, origin), framing, b"\r\n", b"" if is_head else body)
        return b"".join(lines)

    def _body(self, error: TesseraError, trace_id: str) -> bytes:
        """An error without details differs from others of its kind by the trace id alone, which is the last field."""
        kind = type(error)
        if error.details or error.message != kind.message:
            return error_body(error, trace_id)
        begun = self._bodies.get(kind)
        if begun is None:
            begun = self._bodies[kind] = error_body(error, "").removesuffix(_END)
        return b"%b%b%b" % (begun, trace_id.encode(), _END)

    def preflight(self, trace_id: str, origin: bytes, *, closes: bool) -> bytes:
        lines = (
            self._status_lines[204],
            self._cors.preflight_lines(origin),
            self._own_lines(trace_id, origin),
            b"connection: close\r\n\r\n" if closes else b"\r\n",
        )
        return b"".join(lines)

    def own_headers(self, origin: bytes | None) -> list[tuple[str, str]]:
        """The same headers for answers that the application itself renders; it knows its trace id."""
        lines = (self._always + _INERT + self._cors.lines(origin)).decode().splitlines()
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]

    def _own_lines(self, trace_id: str, origin: bytes | None) -> bytes:
        return b"x-request-id: %b\r\n%b%b" % (trace_id.encode(), self._always, self._cors.lines(origin))


def _status_line(status: int, phrase: str) -> bytes:
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()
