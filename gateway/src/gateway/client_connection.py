"""One connection from outside: reads heads, keeps deadlines, lets one exchange after the other speak for it."""

import asyncio
import fcntl
import sys
import termios
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast

from sanic.server.protocols.http_protocol import HttpProtocol

from gateway.exchange import Exchange
from gateway.outgoing_head import new_trace_id
from gateway.parts import Parts
from gateway.request_head import check_unfinished, read_head
from gateway.route_table import UNROUTED
from gateway.websocket_pipe import join
from shared.address_prefix import address_prefix
from shared.errors import TesseraError
from shared.http.envelope import RequestTooSlow
from shared.telemetry.logs import get_logger

NEVER = float("inf")


class ApplicationProtocol(HttpProtocol):
    """Sanic's own, for the last request of a connection; its place is given back when it ends."""

    __slots__ = ("_lost",)

    def __init__(self, *, lost: Callable[[], None], **server: Any) -> None:
        super().__init__(**server)
        self._lost = lost

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)  # type: ignore[no-untyped-call]  # Sanic's
        self._lost()


class ClientConnection(asyncio.Protocol):
    """Made by Sanic's server in place of its own protocol, which it becomes for the gateway's own addresses."""

    __slots__ = (
        "_connections",
        "_exchange",
        "_is_behind",
        "_is_draining",
        "_is_leaving",
        "_is_next_due",
        "_parts",
        "_server",
        "_unsent",
        "deadline",
        "peer",
        "prefix",
        "received",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, *, parts: Parts, connections: set[Any], **server: Any) -> None:
        self._parts = parts
        self._connections = connections
        self._server = server
        self._exchange: Exchange | None = None
        self._is_behind = False
        self._is_leaving = False
        self._is_next_due = False
        self._is_draining = False
        self._unsent = 0
        self.received = bytearray()
        self.deadline = NEVER
        """When patience ends, by the monotonic clock; what happens then depends on what is waited for."""
        self.peer = self.prefix = ""

    # what an exchange does with its connection

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def wait_until(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def wait_for_ever(self) -> None:
        self.deadline = NEVER

    def pause_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def abort(self) -> None:
        self.transport.abort()

    @property
    def must_close(self) -> bool:
        return self._is_draining

    def finished(self, *, keeps_alive: bool) -> None:
        """The answer is written; the next request may begin."""
        self._exchange = None
        if not keeps_alive:
            self._leave()
        elif self._is_behind:
            self.pause_reading()
            self._unsent = unsent_bytes(self.transport)
            self.wait_until(self._parts.limits.unread_seconds)
        else:
            self._go_on()

    def _go_on(self) -> None:
        self.wait_until(self._parts.limits.keep_alive_seconds)
        if self.received:
            self._is_next_due = True
            self._loop.call_soon(self._read_waiting)
        else:
            self._parts.room.note_idle(self)
        if len(self.received) <= self._parts.limits.held_bytes:
            self.resume_reading()

    def become_application(self, head: bytes) -> None:
        """Sanic answers this last request of the connection."""
        self._forget()
        lost = partial(self._parts.room.leave_address, self.prefix)
        protocol: Any = ApplicationProtocol(lost=lost, connections=self._connections, **self._server)
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        protocol.data_received(head)

    def become_pipe(self, upstream: asyncio.Transport) -> None:
        """Bytes go both ways from now on; nobody here looks at them."""
        self._forget()
        ahead = bytes(self.received)
        join(self.transport, upstream, self._connections, partial(self._parts.room.leave_address, self.prefix))
        if ahead:
            upstream.write(ahead)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=self._parts.limits.held_bytes)
        address = transport.get_extra_info("peername")
        self.peer = address[0] if address else ""
        self.prefix = address_prefix(self.peer)
        self._connections.add(self)
        self._parts.connections.add(self)
        self.wait_until(self._parts.limits.head_seconds)
        refusal = self._parts.room.arrive(self)
        if refusal is None:
            self._parts.room.note_idle(self)
        else:
            self._turn_away(refusal)

    def data_received(self, data: bytes) -> None:
        if self._is_leaving:
            return
        start = len(self.received)
        self.received += data
        if self._exchange is not None:
            self._exchange.client_sent()
            self._hold_back()
        elif self._is_behind or self._is_next_due:
            self._hold_back()  # what came before has its turn first
        else:
            self._begin(start)

    def _begin(self, start: int) -> None:
        if start == 0:
            self._parts.room.note_busy(self)
            self.wait_until(self._parts.limits.head_seconds)
        self._read(start)

    def eof_received(self) -> None:
        """A client that has stopped sending has gone: the transport closes itself."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        self._parts.room.leave(self)
        if self._exchange is not None:
            self._exchange.client_lost()
            self._exchange = None

    def pause_writing(self) -> None:
        self._is_behind = True
        if self._exchange is not None:
            self._exchange.client_paused()

    def resume_writing(self) -> None:
        self._is_behind = False
        if self._exchange is not None:
            self._exchange.client_resumed()
        elif not self._is_leaving:
            self._go_on()

    # what the server and the sweep ask

    def close_if_idle(self) -> bool:
        """The server is stopping: the answer under way is the last one."""
        self._is_draining = True
        if self._exchange is not None:
            return False
        self.transport.close()
        return True

    def close_idle(self) -> None:
        """For somebody who needs the room."""
        self._is_leaving = True
        self.transport.close()

    def deadline_passed(self) -> None:
        self.deadline = NEVER
        if self._exchange is not None:
            self._exchange.deadline_passed()
        elif self._is_leaving:
            self._wait_or_abort(self._parts.limits.linger_seconds)
        elif self._is_behind:
            self._wait_or_abort(self._parts.limits.unread_seconds)
        elif not self.received:
            self.transport.abort()
        else:
            self._refuse(RequestTooSlow())

    def _read_waiting(self) -> None:
        self._is_next_due = False
        if self._exchange is None and self.received and not self._is_leaving:
            self.wait_until(self._parts.limits.head_seconds)
            self._read(0)

    def _read(self, start: int) -> None:
        """Begins an exchange when the head is there; bytes before `start` were looked at before."""
        limits = self._parts.limits
        try:
            end = self.received.find(b"\r\n\r\n", max(0, start - 3))
            if end < 0:
                check_unfinished(self.received, start, limits)
                return
            head = read_head(bytes(self.received[: end + 4]), limits)
        except TesseraError as error:
            self._refuse(error)
            return
        del self.received[: end + 4]
        self._exchange = Exchange(self, self._parts, head)
        self._exchange.start()

    def _hold_back(self) -> None:
        """A client may not make us keep more than a little of what it sends ahead of its turn."""
        if len(self.received) > self._parts.limits.held_bytes and not self._is_leaving:
            self.pause_reading()

    def _turn_away(self, error: TesseraError) -> None:
        """A few may take their time to read why."""
        self._refuse(error)
        if not self._parts.room.may_refuse_slowly:
            self.transport.close()

    def _refuse(self, error: TesseraError) -> None:
        self._parts.observe("other", UNROUTED.path, error.status, 0.0)
        self.write(self._parts.answers.error(error, new_trace_id(), None, closes=True, is_head=False))
        self._leave()

    def _leave(self) -> None:
        """Closes in a way that lets the last answer arrive: a reset would destroy what the client has not read yet."""
        self._is_leaving = True
        self.received.clear()
        if self.transport.is_closing():
            return
        self._unsent = unsent_bytes(self.transport)
        self.wait_until(self._parts.limits.linger_seconds)
        self.transport.write_eof()
        self.transport.resume_reading()

    def _wait_or_abort(self, seconds: float) -> None:
        """A client that goes on reading may finish; one that reads a drip, or nothing, may not."""
        before, self._unsent = self._unsent, unsent_bytes(self.transport)
        if before - self._unsent >= seconds * self._parts.limits.answer_bytes_per_second:
            self.wait_until(seconds)
        else:
            self.transport.abort()

    def _forget(self) -> None:
        self._connections.discard(self)
        self._parts.connections.discard(self)

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return cast(asyncio.AbstractEventLoop, self._server["loop"])


def unsent_bytes(transport: asyncio.Transport) -> int:
    """What the peer has not taken yet: here, and in the kernel, which keeps up to some megabytes (SIOCOUTQ)."""
    waiting: int = transport.get_write_buffer_size()
    peer = transport.get_extra_info("socket")
    try:
        in_kernel = fcntl.ioctl(peer.fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, ValueError):  # it has ended, or this system does not tell
        return waiting
    return waiting + int.from_bytes(in_kernel, sys.byteorder)


class DeadlineSweep:
    """One timer for all connections: cheaper by far than a timer for each request."""

    def __init__(self, connections: set[ClientConnection]) -> None:
        self._connections = connections

    async def run(self) -> None:
        """Once. A connection that cannot be ended in good order is cut, and keeps no other from its end."""
        now = time.monotonic()
        for connection in [one for one in self._connections if one.deadline <= now]:
            try:
                connection.deadline_passed()
            except Exception:
                get_logger().exception("a slow connection could not be answered")
                connection.abort()
