"""Engine.IO over long polling: what is written waits for the client's next poll, until a WebSocket takes over."""

import asyncio
import secrets
from collections.abc import Iterator

from realtime_service.connection import ByteSink, Connection
from realtime_service.dialects.socketio_packets import CLOSE, NOOP, PING, PONG, PROBE, SEPARATOR, UPGRADE
from realtime_service.errors import UnknownPoll
from realtime_service.frame_reader import MAX_MESSAGE_BYTES
from realtime_service.frames import CloseCode, text_frame
from realtime_service.taken_transport import SOFT_LIMIT
from realtime_service.websocket import WebSocket
from shared.errors import BadRequest, TooLarge

POLL_SECONDS = 20.0  # an answer comes at least this often, before anything between us and the client gives up
MAX_PACKETS = 64  # in one poll of the client
_SHORT, _LONG = 126, 127  # RFC 6455, section 5.2: lengths that follow in 2 and in 8 bytes


class PollingSocket:
    """A connection's socket. Frames are kept as packets; `sid` is the client's only proof that it is the same one."""

    def __init__(self, home: "Polls") -> None:
        self.sid = secrets.token_urlsafe(18)
        self.close_code: int | None = None
        self._home = home
        self._connection: Connection | None = None
        self._websocket: WebSocket | None = None
        self._is_open = True
        self._is_upgrading = False
        self._is_behind = False
        self._packets: list[bytes] = []
        self._size = 0
        self._poll: asyncio.Future[None] | None = None

    def attach(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def connection(self) -> Connection:
        assert self._connection is not None
        return self._connection

    # What the connection wants of its socket.

    @property
    def transport(self) -> ByteSink:
        return self

    @property
    def is_open(self) -> bool:
        return self._is_open and (self._websocket is None or self._websocket.is_open)

    def write(self, data: bytes) -> None:
        if self._websocket is not None:
            self._websocket.transport.write(data)
            return
        if not data:
            return
        self._packets += _packets_in(data)
        self._size += len(data)
        if self._size > SOFT_LIMIT and not self._is_behind:
            self._is_behind = True
            self.connection.fell_behind()
        self._wake()

    def get_write_buffer_size(self) -> int:
        return self._size if self._websocket is None else self._websocket.transport.get_write_buffer_size()

    def close(self, code: int) -> None:
        if self._websocket is not None:
            self._websocket.close(code)
        elif self._is_open:
            self._is_open = False
            self.close_code = code
            self._packets.append(CLOSE)
            self._wake()

    def abort(self) -> None:
        if self._websocket is not None:
            self._websocket.abort()
        else:
            self._lose()

    # What the client asks.

    async def take(self) -> bytes:
        """All that waits, or what comes next."""
        self._wake()  # a poll that still waits is one whose client has gone
        if not self._packets and not self._is_upgrading:
            poll = self._poll = asyncio.get_running_loop().create_future()
            await asyncio.wait((poll,), timeout=POLL_SECONDS)
            if self._poll is poll:
                self._poll = None
        packets, self._packets, self._size = self._packets, [], 0
        self._catch_up()
        if not self.is_open and self._websocket is None:
            self._lose()
        return SEPARATOR.join(packets) or NOOP

    def hear(self, body: bytes) -> None:
        """Raises TooLarge or BadRequest."""
        if len(body) > MAX_MESSAGE_BYTES:
            raise TooLarge
        packets = body.split(SEPARATOR)
        if len(packets) > MAX_PACKETS:
            raise BadRequest("Too many packets in one request.")
        for packet in packets:
            if self.is_open:
                self.connection.heard_bytes()
                self.connection.heard_message(packet, is_text=True)

    def begin_upgrade(self) -> None:
        """Polls are answered at once from now on: the client waits for the last one before it changes over."""
        self._is_upgrading = True
        self._wake()

    def end_upgrade(self) -> None:
        self._is_upgrading = False

    def change_over(self, websocket: WebSocket) -> None:
        self._is_upgrading = False
        self._websocket = websocket
        for packet in self._packets:
            websocket.transport.write(text_frame(packet))
        self._packets, self._size = [], 0
        self._catch_up()
        self._wake()

    def lost_websocket(self) -> None:
        assert self._websocket is not None
        self.close_code = self._websocket.close_code
        self._lose()

    def _catch_up(self) -> None:
        if self._is_behind:
            self._is_behind = False
            self.connection.caught_up()

    def _wake(self) -> None:
        poll, self._poll = self._poll, None
        if poll is not None and not poll.done():
            poll.set_result(None)

    def _lose(self) -> None:
        self._is_open = False
        self._wake()
        if self._home.forget(self.sid):
            self.connection.was_lost()


class Upgrade:
    """Listens to a WebSocket that wants to take over a polling client: `2probe`, `3probe`, `5`, and then the rest."""

    def __init__(self, socket: WebSocket, polling: PollingSocket) -> None:
        self._socket = socket
        self._polling = polling
        self._is_complete = False

    def heard_bytes(self) -> None:
        self._polling.connection.heard_bytes()

    def heard_small_change(self) -> None:
        self._polling.connection.heard_small_change()

    def heard_message(self, message: bytes, *, is_text: bool) -> None:
        if self._is_complete:
            self._polling.connection.heard_message(message, is_text=is_text)
        elif message == PING + PROBE:
            self._socket.transport.write(text_frame(PONG + PROBE))
            self._polling.begin_upgrade()
        elif message == UPGRADE and self._polling.is_open:
            self._is_complete = True
            self._polling.change_over(self._socket)
        else:
            self._socket.close(CloseCode.UNSUPPORTED_DATA)

    def heard_close(self) -> None:
        if self._is_complete:
            self._polling.connection.heard_close()

    def heard_nonsense(self, code: CloseCode) -> None:
        if self._is_complete:
            self._polling.connection.heard_nonsense(code)
        else:
            self._socket.close(code)

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
            self._polling.end_upgrade()


class Polls:
    """The polling clients of this node by their sid. A client has to come back to the node that knows it."""

    def __init__(self) -> None:
        self._sockets: dict[str, PollingSocket] = {}

    def begin(self) -> PollingSocket:
        socket = PollingSocket(self)
        self._sockets[socket.sid] = socket
        return socket

    def find(self, sid: str) -> PollingSocket:
        """Raises UnknownPoll."""
        socket = self._sockets.get(sid)
        if socket is None:
            raise UnknownPoll
        return socket

    def forget(self, sid: str) -> bool:
        """Whether it was known."""
        return self._sockets.pop(sid, None) is not None


def _packets_in(frames: bytes) -> Iterator[bytes]:
    """The texts of frames as we write them: whole, unmasked, one after the other."""
    at = 0
    while at < len(frames):
        length, at = frames[at + 1], at + 2
        if length in (_SHORT, _LONG):
            width = 2 if length == _SHORT else 8
            length, at = int.from_bytes(frames[at : at + width]), at + width
        yield frames[at : at + length]
        at += length
