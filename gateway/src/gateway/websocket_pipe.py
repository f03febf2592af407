"""Two connections joined byte by byte: what one side sends the other gets, at the pace of the slower one.

No frame is parsed and no task runs; an open pipe costs its two transports and two small protocol objects.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any

_CLOSING_SECONDS = 10.0  # for the second side to follow after the first one has ended
_DRAIN_SECONDS = 5.0  # live clients of a stopping gateway leave spread over this time, not as one crowd
_HELD_BYTES = 64 * 1024


class PipeEnd(asyncio.Protocol):
    __slots__ = ("_connections", "_has_ended", "_is_draining", "_lost", "_other", "_transport")

    _other: "PipeEnd"

    def __init__(
        self, transport: asyncio.Transport, connections: set[Any], lost: Callable[[], None] | None = None
    ) -> None:
        """`lost` is called when the transport has ended."""
        self._transport = transport
        self._connections = connections
        self._lost = lost
        self._has_ended = False
        self._is_draining = False

    def attach(self, other: "PipeEnd") -> None:
        self._other = other
        self._connections.add(self)
        self._transport.set_write_buffer_limits(high=_HELD_BYTES)
        self._transport.set_protocol(self)
        self.resume()

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        self._other.write(data)

    def eof_received(self) -> bool:
        """The other side is told; this side stays open to hear its last words."""
        self._has_ended = True
        if self._other._has_ended:
            return False
        self._other.end()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        if self._lost is not None:
            self._lost()
        self._other.close()

    def pause_writing(self) -> None:
        self._other.pause()

    def resume_writing(self) -> None:
        self._other.resume()

    # what one end asks of the other

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def end(self) -> None:
        if not self._transport.is_closing():
            self._transport.write_eof()
            asyncio.get_running_loop().call_later(_CLOSING_SECONDS, self.abort)

    def close(self) -> None:
        """Writes what is left, but does not wait for ever for a reader that has stalled."""
        if not self._transport.is_closing():
            self._transport.close()
            asyncio.get_running_loop().call_later(_CLOSING_SECONDS, self.abort)

    def pause(self) -> None:
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # what the server asks when it stops

    def close_if_idle(self) -> bool:
        """Asks realtime-service, by the end of our stream, to say goodbye: only it knows where a frame ends."""
        if not self._is_draining:
            self._is_draining = True
            delay = random.uniform(0, _DRAIN_SECONDS)  # noqa: S311 - spreads load, guards nothing
            asyncio.get_running_loop().call_later(delay, self._other.end)
        return False

    def abort(self) -> None:
        self._transport.abort()


def join(
    client: asyncio.Transport,
    upstream: asyncio.Transport,
    connections: set[Any],
    client_lost: Callable[[], None] | None = None,
) -> None:
    """Takes both transports over. `connections` is the server's own list of clients that are still there.

    `client_lost` is called when the client's transport has ended.
    """
    ends = PipeEnd(client, connections, client_lost), PipeEnd(upstream, set())
    ends[0].attach(ends[1])
    ends[1].attach(ends[0])
    if client.get_write_buffer_size() > _HELD_BYTES:
        ends[1].pause()  # the client fell behind before this end could be told; it will be told when it has caught up
