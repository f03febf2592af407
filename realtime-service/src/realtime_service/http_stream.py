"""An HTTP answer without end on its transport, without tasks, as `websocket` does it for sockets."""

import asyncio
from asyncio import Transport
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from realtime_service.connection import ByteSink
from realtime_service.frames import CloseCode
from realtime_service.websocket import SOFT_LIMIT
from shared.errors import BadRequest
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


class Listener(Protocol):
    def fell_behind(self) -> None:
        """More than SOFT_LIMIT waits for the peer to read."""

    def caught_up(self) -> None: ...

    def was_lost(self) -> None:
        """The last call: nothing can be written any more."""


class HttpStream(asyncio.Protocol):
    """What is written are whole chunks, made by `chunk`. The client is heard only when it leaves."""

    __slots__ = ("_connections", "_listener", "_transport", "close_code", "is_open")

    def __init__(
        self, transport: Transport, connections: set[Any], make_listener: "Callable[[HttpStream], Listener]"
    ) -> None:
        """`connections` is the server's own list of who is still there."""
        self._transport = transport
        self._connections = connections
        self.is_open = True
        self.close_code: int | None = None
        connections.add(self)
        transport.set_write_buffer_limits(high=SOFT_LIMIT)
        transport.set_protocol(self)
        self._listener = make_listener(self)

    @property
    def transport(self) -> ByteSink:
        return self._transport

    def close(self, code: int) -> None:
        if self.is_open:
            self.is_open = False
            self.close_code = code
            self._transport.write(_LAST_CHUNK)
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    # asyncio.Protocol

    def eof_received(self) -> bool:
        self.close(CloseCode.RESTARTING)
        return False

    def connection_lost(self, _error: Exception | None) -> None:
        self.is_open = False
        self._connections.discard(self)
        self._listener.was_lost()

    def pause_writing(self) -> None:
        self._listener.fell_behind()

    def resume_writing(self) -> None:
        self._listener.caught_up()

    # what the server asks when it stops

    def close_if_idle(self) -> bool:
        self.close(CloseCode.RESTARTING)
        return False


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def answer_without_end(request: Request, make_listener: Callable[[HttpStream], Listener]) -> NoReturn:
    """Begins the answer and takes the connection away from Sanic: with it the request ends as a cancelled one does.

    Raises BadRequest when there is nobody to answer.
    """
    transport: Any = request.transport
    if transport.is_closing():
        raise BadRequest("The connection has ended.")
    http = transport.get_protocol()
    http.connections.discard(http)
    http.transport = None
    transport.write(_HEAD)
    HttpStream(transport, http.connections, make_listener)
    transport.resume_reading()
    raise asyncio.CancelledError
