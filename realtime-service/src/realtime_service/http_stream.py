"""An HTTP answer without end on a Sanic connection, without tasks: in the place that a WebSocket takes there."""

import asyncio
from asyncio import Transport
from collections.abc import Callable
from typing import Any, Protocol

from websockets.protocol import State

from realtime_service.connection import Outlet
from realtime_service.frames import CloseCode
from shared.http.app import Request

_HEAD = (
    b"HTTP/1.1 200 OK\r\n"
    b"content-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-store\r\n"
    b"x-accel-buffering: no\r\n"  # read by reverse proxies that would keep events back
    b"transfer-encoding: chunked\r\n"
    b"connection: close\r\n\r\n"
)
_LAST_CHUNK = b"0\r\n\r\n"
_GOING_AWAY = 1001


class Listener(Protocol):
    def was_lost(self) -> None:
        """The last call: nothing can be written any more."""


class HttpStream:
    """What it writes are whole chunks, made by `chunk`. The client is heard only when it leaves."""

    # Sanic looks at these at a stop, as it does at a WebSocket's.
    loop = None

    def __init__(self, transport: Transport, make_listener: "Callable[[HttpStream], Listener]") -> None:
        self._transport = transport
        self._lost = asyncio.get_running_loop().create_future()
        self.state = State.OPEN
        self.close_code: int | None = None
        self._listener = make_listener(self)

    @property
    def transport(self) -> Outlet:
        return self._transport

    @property
    def ws_proto(self) -> "HttpStream":
        return self

    @property
    def is_open(self) -> bool:
        return self.state is State.OPEN

    def close(self, code: int) -> None:
        if self.is_open:
            self.state = State.CLOSING
            self.close_code = code
            self._transport.write(_LAST_CHUNK)
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    async def until_lost(self) -> None:
        await self._lost

    # What Sanic calls.

    def data_received(self, _data: bytes) -> None:
        """Another request behind one whose answer never ends is a mistake of the client's: it waits for ever."""

    def eof_received(self) -> bool:
        self.close(CloseCode.RESTARTING)
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self.state = State.CLOSED
        self._listener.was_lost()
        if not self._lost.done():
            self._lost.set_result(None)

    def end_connection(self, code: int = _GOING_AWAY, _reason: str = "") -> None:
        self.close(code)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def answer_without_end(request: Request, make_listener: Callable[[HttpStream], Listener]) -> HttpStream:
    """Begins the answer; the request's handler returns when the stream is lost."""
    http: Any = request.stream
    http.upgrade_websocket = True  # tells Sanic that no answer of its own follows, however long this takes
    transport: Any = request.transport
    transport.write(_HEAD)
    stream = HttpStream(transport, make_listener)
    transport.get_protocol().websocket = stream
    return stream
