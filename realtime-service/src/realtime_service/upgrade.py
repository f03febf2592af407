"""The one WebSocket that may take over an Engine.IO session from its polls, until it has or has not."""

from collections.abc import Callable
from typing import Protocol

from realtime_service.connection import Connection
from realtime_service.dialects.socketio_packets import PING, PONG, PROBE, UPGRADE
from realtime_service.frames import CloseCode, text_frame
from realtime_service.settings import RealtimeSettings
from realtime_service.taken_transport import SOFT_LIMIT
from realtime_service.timers import TimerWheel
from realtime_service.websocket import WebSocket


class Home(Protocol):
    settings: RealtimeSettings
    wheel: TimerWheel


class Polling(Protocol):
    """The session that is to be taken over."""

    @property
    def connection(self) -> Connection: ...

    @property
    def is_open(self) -> bool: ...

    def begin_upgrade(self) -> None:
        """Polls are answered at once from now on: the client waits for the last one before it changes over."""

    def end_upgrade(self) -> None:
        """Nothing has taken over: polls wait again."""

    def change_over(self, websocket: WebSocket) -> None:
        """From now on all goes to this socket."""

    def lost_websocket(self) -> None:
        """The socket that took over is gone, and the session with it."""


class Upgrade:
    """Listens to the socket: `2probe`, which is answered `3probe`, then `5`, and then what any connection sends.

    Until `5` it has no connection of its own. What it sends costs tokens of the session's connection, it counts as a
    connection of its address, and it ends with the session, after `upgrade_seconds`, or when its peer does not read.
    """

    def __init__(self, socket: WebSocket, polling: Polling, home: Home, seat: Callable[[], None] | None) -> None:
        """`seat` gives back the place that its address has for it; None when there is none, and it is refused."""
        self._socket = socket
        self._polling = polling
        self._home = home
        self._seat = seat
        self._timer = home.wheel.after(home.settings.upgrade_seconds, self._refuse_slowness)
        self._is_complete = False
        if seat is None:
            self.end(CloseCode.TOO_MANY)

    def end(self, code: int) -> None:
        """Close the socket, unless it has taken over; a peer that does not answer is cut off after the grace."""
        if not self._is_complete and self._socket.is_open:
            self._socket.close(code)
            self._timer.cancel()
            self._timer = self._home.wheel.after(self._home.settings.close_grace_seconds, self._socket.abort)

    # What the socket calls.

    def heard_bytes(self) -> None:
        self._polling.connection.heard_bytes()

    def on_control_frame(self, answer: bytes = b"") -> None:
        connection = self._polling.connection
        if self._is_complete:
            connection.on_control_frame(answer)
        elif connection.take_frame_token() and answer:
            self._write(answer)

    def heard_message(self, message: bytes, *, is_text: bool) -> None:
        if self._is_complete:
            self._polling.connection.heard_message(message, is_text=is_text)
        elif self._polling.connection.take_frame_token():
            self._take_step(message)

    def heard_close(self) -> None:
        if self._is_complete:
            self._polling.connection.heard_close()

    def heard_nonsense(self, code: CloseCode) -> None:
        if self._is_complete:
            self._polling.connection.heard_nonsense(code)
        else:
            self.end(code)

    def fell_behind(self) -> None:
        if self._is_complete:
            self._polling.connection.fell_behind()

    def caught_up(self) -> None:
        if self._is_complete:
            self._polling.connection.caught_up()

    def was_lost(self) -> None:
        if self._is_complete:
            self._polling.lost_websocket()
        else:
            self._settle()
            self._polling.end_upgrade()

    def _take_step(self, message: bytes) -> None:
        if message == PING + PROBE:
            self._write(text_frame(PONG + PROBE))
            self._polling.begin_upgrade()
        elif message == UPGRADE and self._polling.is_open:
            self._is_complete = True
            self._settle()
            self._polling.change_over(self._socket)
        else:
            self.end(CloseCode.UNSUPPORTED_DATA)

    def _write(self, frame: bytes) -> None:
        if self._socket.transport.get_write_buffer_size() > SOFT_LIMIT:
            self.end(CloseCode.TOO_SLOW)
        elif self._socket.is_open:
            self._socket.transport.write(frame)

    def _refuse_slowness(self) -> None:
        self.end(CloseCode.TOO_SLOW)

    def _settle(self) -> None:
        """It has taken over, or never will: neither its time nor its place is needed any more."""
        self._timer.cancel()
        if self._seat is not None:
            self._seat()
            self._seat = None
