"""A transport that Sanic has let go of: what every protocol on one owes to loop, server and listener."""

import asyncio
from abc import ABC, abstractmethod
from asyncio import Transport
from typing import Any, Protocol

from realtime_service.frames import CloseCode
from shared.errors import BadRequest
from shared.http.app import Request

SOFT_LIMIT = 64 * 1024  # bytes waiting in the transport before its reader counts as slow


class Listener(Protocol):
    """Who is told how the peer fares."""

    def fell_behind(self) -> None:
        """More than SOFT_LIMIT waits for the peer to read."""

    def caught_up(self) -> None: ...

    def was_lost(self) -> None:
        """The last call: nothing can be read or written any more."""


class TakenTransport(asyncio.Protocol, ABC):
    """A subclass makes its `_listener`, and says goodbye in `close`."""

    __slots__ = ("_connections", "close_code", "is_open", "transport")

    _listener: Listener

    def __init__(self, transport: Transport, connections: set[Any]) -> None:
        """`connections` is the server's own list of who is still there."""
        self.transport = transport
        self.is_open = True
        self.close_code: int | None = None
        self._connections = connections
        connections.add(self)
        transport.set_write_buffer_limits(high=SOFT_LIMIT)
        transport.set_protocol(self)

    @abstractmethod
    def close(self, code: int) -> None:
        """Say goodbye, once."""

    def abort(self) -> None:
        self.transport.abort()

    # asyncio.Protocol

    def eof_received(self) -> bool:
        """A peer that ends its stream without a goodbye is a gateway that stops: its client hears why."""
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


def take_from_sanic(request: Request) -> Any:
    """Sanic's protocol, which has forgotten its transport: what is left of the request cannot close it.

    Raises BadRequest when there is nobody to answer.
    """
    transport: Any = request.transport
    if transport.is_closing():
        raise BadRequest("The connection has ended.")
    http = transport.get_protocol()
    http.connections.discard(http)
    http.transport = None
    return http
