"""One WebSocket (RFC 6455) on its transport, without tasks: bytes come in as callbacks and go out without waiting."""

from asyncio import Transport
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable
from typing import Any, Protocol

from websockets.utils import accept_key

from realtime_service import taken_transport
from realtime_service.errors import UpgradeRequired
from realtime_service.frame_reader import FrameReader, ProtocolViolation
from realtime_service.frames import CloseCode, Opcode, close_frame, pong_frame
from realtime_service.taken_transport import TakenTransport, take_from_sanic
from shared.errors import BadRequest
from shared.http.app import Request

_VERSION = "13"
_KEY_BYTES = 16
MAX_IGNORED = 100  # frames after our goodbye that are read for the sake of the peer's
_NO_STATUS = 1005  # only ever seen, never sent: RFC 6455 section 7.4.1


class Listener(taken_transport.Listener, Protocol):
    """Who is told what a socket hears, too."""

    def heard_bytes(self) -> None:
        """The peer is alive."""

    def on_control_frame(self, answer: bytes = b"") -> None:
        """A ping, a pong or a part of a message. `answer` is the pong that a ping asks for, not yet written."""

    def heard_message(self, message: bytes, *, is_text: bool) -> None:
        """Text is valid UTF-8."""

    def heard_close(self) -> None:
        """The peer has said goodbye and was answered."""

    def heard_nonsense(self, code: CloseCode) -> None:
        """The peer broke the protocol: close with this code, nothing more is read."""


class WebSocket(TakenTransport):
    """Takes a transport over from the server that has read the handshake."""

    __slots__ = ("_ignored", "_listener", "_reader")

    def __init__(
        self, transport: Transport, connections: set[Any], make_listener: "Callable[[WebSocket], Listener]"
    ) -> None:
        super().__init__(transport, connections)
        self._ignored = 0
        self._reader: FrameReader | None = FrameReader()
        self._listener: Listener = make_listener(self)

    def close(self, code: int) -> None:
        """Say goodbye; the transport closes when the peer has answered, or by `abort`."""
        self._say_goodbye(code, code.to_bytes(2, "big"))

    def data_received(self, data: bytes) -> None:
        self._listener.heard_bytes()
        if self._reader is None:
            return
        try:
            for opcode, payload in self._reader.feed(data):
                self._take(opcode, payload)
                if self._reader is None:
                    break
        except ProtocolViolation as violation:
            self._reader = None
            self._listener.heard_nonsense(violation.code)
            if not self.transport.is_closing():
                self.transport.write_eof()

    def _take(self, opcode: Opcode, payload: bytes) -> None:
        if opcode is Opcode.CLOSE:
            self._say_goodbye(int.from_bytes(payload[:2], "big") or _NO_STATUS, payload)
            self._reader = None
            self._listener.heard_close()
            self.transport.close()
        elif not self.is_open:
            self._ignore()
        elif opcode in (Opcode.TEXT, Opcode.BINARY):
            self._listener.heard_message(payload, is_text=opcode is Opcode.TEXT)
        else:
            self._listener.on_control_frame(pong_frame(payload) if opcode is Opcode.PING else b"")

    def _ignore(self) -> None:
        """The peer may not know yet that this is over; one that goes on and on is not read any more."""
        self._ignored += 1
        if self._ignored >= MAX_IGNORED:
            self._reader = None

    def _say_goodbye(self, code: int, payload: bytes) -> None:
        if self.is_open:
            self.is_open = False
            self.close_code = code
            self.transport.write(close_frame(payload))


def accept_websocket(request: Request, make_listener: Callable[[WebSocket], Listener]) -> WebSocket:
    """Answers the handshake and takes the connection away from Sanic, whose memory of it ends with this request.

    Raises UpgradeRequired or BadRequest.
    """
    key = _checked_key(request)
    transport: Any = request.transport
    http = take_from_sanic(request)
    transport.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept_key(key).encode()
    )
    socket = WebSocket(transport, http.connections, make_listener)
    if ahead := bytes(http.recv_buffer):
        socket.data_received(ahead)
    transport.resume_reading()
    return socket


def _checked_key(request: Request) -> str:
    headers = request.headers
    if headers.get("upgrade", "").lower() != "websocket":
        raise UpgradeRequired(headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    if headers.get("sec-websocket-version") != _VERSION:
        raise UpgradeRequired(headers={"Upgrade": "websocket", "Sec-WebSocket-Version": _VERSION})
    key: str = headers.get("sec-websocket-key", "")
    options = {option.strip().lower() for option in headers.get("connection", "").split(",")}
    if "upgrade" not in options or request.method != "GET" or not _is_nonce(key):
        raise BadRequest("This is not a WebSocket handshake.")
    return key


def _is_nonce(key: str) -> bool:
    try:
        return len(b64decode(key, validate=True)) == _KEY_BYTES
    except (NotBase64, ValueError):
        return False
