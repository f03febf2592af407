"""An HTTP answer without end on its transport, without tasks, as `websocket` does it for sockets."""

import asyncio
from asyncio import Transport
from collections.abc import Callable
from typing import Any, NoReturn

from realtime_service.taken_transport import Listener, TakenTransport, take_from_sanic
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


class HttpStream(TakenTransport):
    """What is written are whole chunks, made by `chunk`. The client is heard only when it leaves."""

    __slots__ = ("_listener",)

    def __init__(
        self, transport: Transport, connections: set[Any], make_listener: "Callable[[HttpStream], Listener]"
    ) -> None:
        super().__init__(transport, connections)
        self._listener = make_listener(self)

    def close(self, code: int) -> None:
        if self.is_open:
            self.is_open = False
            self.close_code = code
            self.transport.write(_LAST_CHUNK)
            self.transport.close()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def answer_without_end(request: Request, make_listener: Callable[[HttpStream], Listener]) -> NoReturn:
    """Begins the answer and takes the connection away from Sanic: with it the request ends as a cancelled one does.

    Raises BadRequest when there is nobody to answer.
    """
    transport: Any = request.transport
    http = take_from_sanic(request)
    transport.write(_HEAD)
    HttpStream(transport, http.connections, make_listener)
    transport.resume_reading()
    raise asyncio.CancelledError
