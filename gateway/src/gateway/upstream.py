"""HTTP/1.1 connections to one service, kept open and reused: bytes out, parsed answers back (llhttp by httptools).

An HTTP client library costs several times what everything else in the gateway costs together; requests here are
already checked bytes, and answers only have to be framed.
"""

import asyncio
import errno
import time
from collections import deque
from collections.abc import Sequence
from itertools import cycle
from typing import Protocol, cast

import httptools

from gateway.breaker import Breaker
from gateway.settings import Address
from gateway.wire_limits import WireLimits
from shared.errors import UpstreamError, UpstreamTimeout

_REUSABLE_SECONDS = 10.0  # services close connections that were idle for 15
_SURE_SECONDS = 0.2
"""A service that stops says so with every answer for 0.3 s, and only then closes what was idle meanwhile
(`shared.http.server`): a connection with a younger answer is not about to be closed."""

_MOST_IDLE = 256
_OUR_OWN_LIMITS = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRINUSE, errno.EADDRNOTAVAIL})
WITHOUT_BODY = frozenset({204, 304})

Headers = list[tuple[bytes, bytes]]


class SecondAnswerError(Exception):
    """The service sent more than one answer to one request."""


class AnswerHead:
    __slots__ = ("headers", "length", "status")

    def __init__(self, status: int, headers: Headers, length: bytes | None) -> None:
        self.status = status
        self.headers = headers
        self.length = length
        """Content-Length as the service wrote it; None when the end of the body shows otherwise."""


class AnswerReceiver(Protocol):
    """Whoever sent the request on a connection."""

    def answered(self, head: AnswerHead | None, pieces: list[bytes], *, is_complete: bool) -> None:
        """What one read from the socket brought; `head` only the first time."""

    def upgraded(self, head: AnswerHead, rest: bytes) -> None:
        """101: from `rest` on the bytes are no longer HTTP. The receiver takes the transport over."""

    def upstream_lost(self) -> None:
        """The connection ended before the answer was complete."""

    def upstream_paused(self) -> None: ...

    def upstream_resumed(self) -> None: ...


class UpstreamConnection(asyncio.Protocol):
    """One request at a time. Belongs to its receiver from `send` until the answer is complete."""

    transport: asyncio.Transport

    def __init__(self, pool: "UpstreamPool", limits: WireLimits) -> None:
        self._pool = pool
        self._limits = limits
        self._receiver: AnswerReceiver | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._headers: Headers = []
        self._pieces: list[bytes] = []
        self._head: AnswerHead | None = None
        self._asks_for_head = False
        self._has_head = False
        self._is_complete = False
        self._ends_with_connection = False
        self._stays_open = False
        self.answered_at = time.monotonic()
        """Until the first answer, when it was made."""
        self.was_used = False

    def send(self, receiver: AnswerReceiver, head: bytes, *, asks_for_head: bool) -> None:
        self._receiver = receiver
        self._asks_for_head = asks_for_head
        self._has_head = self._is_complete = self._ends_with_connection = False
        self.transport.write(head)

    def pause_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def abort(self) -> None:
        """Gives up on the answer; the service sees the connection close."""
        self._receiver = None
        self.transport.abort()

    def release(self) -> None:
        """The answer is complete. The connection waits for the next request, if the service lets it."""
        self._receiver = None
        if self._asks_for_head or self._was_bodiless():
            self._parser = httptools.HttpResponseParser(self)  # it may wait for a body that never comes
        if self._stays_open and not self.transport.is_closing():
            self.was_used, self.answered_at = True, time.monotonic()
            self.transport.resume_reading()
            self._pool.put_back(self)
        else:
            self.transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.set_write_buffer_limits(high=self._limits.held_bytes)

    def data_received(self, data: bytes) -> None:
        if self._receiver is None:
            self.transport.abort()  # an answer nobody asked for would be taken for the next one
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._hand_over(data[cast(int, upgrade.args[0]) :])
            return
        except httptools.HttpParserError:
            self._fail()
            return
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._pool.forget(self)
        receiver, self._receiver = self._receiver, None
        if receiver is None:
            return
        if self._ends_with_connection and exc is None:
            receiver.answered(None, [], is_complete=True)
        else:
            receiver.upstream_lost()

    def pause_writing(self) -> None:
        if self._receiver is not None:
            self._receiver.upstream_paused()

    def resume_writing(self) -> None:
        if self._receiver is not None:
            self._receiver.upstream_resumed()

    # httptools callbacks, called from within feed_data

    def on_message_begin(self) -> None:
        if self._is_complete:
            raise SecondAnswerError
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200 and status != 101:
            return
        names = {name.lower(): value for name, value in self._headers}
        length = names.get(b"content-length")
        self._head = AnswerHead(status, self._headers, length)
        self._has_head = True
        if self._asks_for_head or status in WITHOUT_BODY:
            self._is_complete = True
        else:
            self._ends_with_connection = length is None and b"transfer-encoding" not in names
        is_last = self._ends_with_connection or names.get(b"connection", b"").lower() == b"close"
        self._stays_open = not is_last and self._parser.get_http_version() == "1.1"

    def on_body(self, body: bytes) -> None:
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        if self._has_head:
            self._is_complete = True

    def _tell(self) -> None:
        receiver = self._receiver
        head, self._head = self._head, None
        pieces, self._pieces = self._pieces, []
        if head is not None and head.status == 101:
            self._fail()  # it switches to a protocol that it does not name
        elif receiver is not None and (head is not None or pieces or self._is_complete):
            receiver.answered(head, pieces, is_complete=self._is_complete)

    def _hand_over(self, rest: bytes) -> None:
        receiver, self._receiver = self._receiver, None
        self._pool.forget(self)
        if receiver is not None and self._head is not None:
            receiver.upgraded(self._head, rest)

    def _fail(self) -> None:
        receiver, self._receiver = self._receiver, None
        self.transport.abort()
        if receiver is not None:
            receiver.upstream_lost()

    def _was_bodiless(self) -> bool:
        return self._parser.get_status_code() in WITHOUT_BODY


class UpstreamPool:
    """The most recently used connection goes first, so that the others grow old and are let go."""

    def __init__(self, address: Address, limits: WireLimits, breaker: Breaker, sources: Sequence[str] = ()) -> None:
        """`sources`: own addresses to connect from. From one of them to one service the system has ports for 28,000."""
        self.breaker = breaker
        self.host_line = f"host: {address.host}:{address.port}\r\n".encode()
        self._address = address
        self._limits = limits
        self._sources = cycle([(source, 0) for source in sources] or [None])
        self._idle: deque[UpstreamConnection] = deque(maxlen=_MOST_IDLE)

    def idle_connection(self, *, must_be_sure: bool) -> UpstreamConnection | None:
        """`must_be_sure` for what cannot be sent again should the connection close just then."""
        while self._idle:
            connection = self._idle.pop()
            age = time.monotonic() - connection.answered_at
            if connection.transport.is_closing():
                continue
            if must_be_sure and _SURE_SECONDS < age < _REUSABLE_SECONDS:
                self._idle.append(connection)
                return None
            if age < _REUSABLE_SECONDS:
                return connection
            connection.transport.close()
        return None

    async def connect(self, *, attempts: int) -> UpstreamConnection:
        """A new connection. Raises UpstreamError, or UpstreamTimeout when nothing even refuses."""
        refused: OSError | None = None
        for _ in range(attempts):
            try:
                return await self._connect()
            except TimeoutError as error:
                self.breaker.failed()
                raise UpstreamTimeout from error
            except OSError as error:
                refused = error
        if refused is None or refused.errno not in _OUR_OWN_LIMITS:
            self.breaker.failed()
        raise UpstreamError from refused

    async def _connect(self) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._limits.connect_seconds):
            _, connection = await loop.create_connection(
                lambda: UpstreamConnection(self, self._limits),
                self._address.host,
                self._address.port,
                local_addr=next(self._sources),
            )
        return connection

    def put_back(self, connection: UpstreamConnection) -> None:
        if len(self._idle) == _MOST_IDLE:
            self._idle.popleft().transport.close()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().transport.close()
