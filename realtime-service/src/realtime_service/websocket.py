"""One WebSocket (RFC 6455) on a Sanic connection, without tasks: bytes come in as callbacks, out to the transport.

Sanic's protocol hands everything that follows the handshake to its `websocket`; this object takes that place.
"""

import asyncio
from asyncio import Transport
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as HandshakeRequest
from websockets.protocol import State
from websockets.server import ServerProtocol

from realtime_service.errors import UpgradeRequired
from realtime_service.frames import CloseCode
from shared.errors import BadRequest
from shared.http.app import Request

MAX_MESSAGE_BYTES = 64 * 1024  # a longer message is answered with close 1009
_GOING_AWAY = 1001
_NO_STATUS = 1005
_NEVER_SENT = 1006  # only ever seen, RFC 6455 section 7.4.1


class Listener(Protocol):
    """Who is told what a socket hears."""

    def heard_bytes(self) -> None:
        """The peer is alive."""

    def heard_small_change(self) -> None:
        """A ping or a part of a message: answered or kept already, but not for nothing."""

    def heard_message(self, message: bytes, *, is_text: bool) -> None: ...

    def was_lost(self) -> None:
        """The last call: nothing can be read or written any more."""


class WebSocket:
    # Sanic looks at this attribute at a stop; without a loop it calls `end_connection` rather than a coroutine.
    loop = None

    def __init__(
        self, protocol: ServerProtocol, transport: Transport, make_listener: "Callable[[WebSocket], Listener]"
    ) -> None:
        self.ws_proto = protocol
        self.transport = transport
        self.close_code: int | None = None
        self._fragments: list[bytes] = []
        self._is_text = True
        self._lost = asyncio.get_running_loop().create_future()
        self._listener = make_listener(self)

    @property
    def is_open(self) -> bool:
        return self.ws_proto.state is State.OPEN

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye; the transport closes when the peer has answered, or by `abort`."""
        if self.is_open:
            self.close_code = code
            self.ws_proto.send_close(code, reason)
            self._write_answers()

    def abort(self) -> None:
        self.transport.abort()

    async def until_lost(self) -> None:
        await self._lost

    # What Sanic calls.

    def data_received(self, data: bytes) -> None:
        self.ws_proto.receive_data(data)
        self._listener.heard_bytes()
        for event in self.ws_proto.events_received():
            if isinstance(event, Frame) and self.is_open:
                self._take(event, self._listener)
        self._write_answers()

    def eof_received(self) -> bool:
        """A peer that ends its stream without a close frame is a gateway that stops: its client hears why."""
        self.close(CloseCode.RESTARTING)
        self.ws_proto.receive_eof()
        self._write_answers()
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self.ws_proto.state = State.CLOSED
        self._listener.was_lost()
        if not self._lost.done():
            self._lost.set_result(None)

    def end_connection(self, code: int = 1001, reason: str = "") -> None:
        self.close(code, reason)
        self.transport.close()

    def fail_connection(self, code: int = 1006, reason: str = "") -> None:
        self.end_connection(_GOING_AWAY if code == _NEVER_SENT else code, reason)

    def _take(self, frame: Frame, listener: Listener) -> None:
        if frame.opcode in (Opcode.PONG, Opcode.CLOSE):
            return
        if frame.opcode is Opcode.PING:
            listener.heard_small_change()
            return
        if frame.opcode is not Opcode.CONT:
            self._is_text = frame.opcode is Opcode.TEXT
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            listener.heard_small_change()
            return
        message, self._fragments = b"".join(self._fragments), []
        listener.heard_message(message, is_text=self._is_text)

    def _write_answers(self) -> None:
        """Pongs, closes and the end of the stream, as the protocol wants them."""
        for data in self.ws_proto.data_to_send():
            if data:
                self.transport.write(data)
            else:
                self.transport.close()
        self._note_close()

    def _note_close(self) -> None:
        if self.close_code is None and self.ws_proto.state is not State.OPEN:
            known = self.ws_proto.close_sent
            self.close_code = known.code if known is not None else _NO_STATUS


def accept_websocket(request: Request, make_listener: Callable[[WebSocket], Listener]) -> WebSocket:
    """Answers the handshake. No byte is read between the answer and the listener's arrival.

    Raises UpgradeRequired or BadRequest.
    """
    if request.headers.get("upgrade", "").lower() != "websocket":
        raise UpgradeRequired(headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    protocol = ServerProtocol(max_size=MAX_MESSAGE_BYTES, state=State.OPEN)
    answer = protocol.accept(HandshakeRequest(path=request.path, headers=Headers(request.headers.items())))
    if answer.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
        raise BadRequest("This is not a WebSocket handshake.")
    transport: Any = request.transport
    transport.write(answer.serialize())
    socket = WebSocket(protocol, transport, make_listener)
    transport.get_protocol().websocket = socket
    return socket
