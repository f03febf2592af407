"""Engine.IO over long polling: what is written waits for the client's next poll, until a WebSocket takes over."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from uuid import UUID

from realtime_service.connection import ByteSink, Connection
from realtime_service.dialects.socketio_packets import CLOSE, NOOP, SEPARATOR
from realtime_service.errors import UnknownPoll
from realtime_service.frame_reader import MAX_MESSAGE_BYTES
from realtime_service.frames import CloseCode, text_frame
from realtime_service.taken_transport import SOFT_LIMIT
from realtime_service.upgrade import Home as UpgradeHome, Upgrade
from realtime_service.websocket import WebSocket
from shared.errors import BadRequest, TooLarge
from shared.principal import Principal

POLL_SECONDS = 20.0  # an answer comes at least this often, before anything between us and the client gives up
MAX_PACKETS = 64  # in one poll of the client
PACKET_COST = 48  # bytes of memory that a waiting packet takes beside its own
_SHORT, _LONG = 126, 127  # RFC 6455, section 5.2: lengths that follow in 2 and in 8 bytes


class PollingSocket:
    """A connection's socket, whose frames are kept as packets until they are asked for.

    Without an `owner` the random `sid` is the credential of its polls: it is never logged and ends with the session.
    """

    def __init__(self, home: "Polls", owner: Principal | None) -> None:
        """`owner` was authenticated by a header or cookie, which each poll has to show again."""
        self.sid = secrets.token_urlsafe(18)
        self._owner = owner
        self.close_code: int | None = None
        self._home = home
        self._connection: Connection | None = None
        self._websocket: WebSocket | None = None
        self._is_open = True
        self._upgrade: Upgrade | None = None
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
        packets = list(_packets_in(data))
        self._packets += packets
        self._size += len(data) + PACKET_COST * len(packets)
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
            self._end_attempt()
            self._wake()

    def abort(self) -> None:
        if self._websocket is not None:
            self._websocket.abort()
        else:
            self._lose()

    # What the client asks.

    def may_be_used_by(self, principal: Principal | None) -> bool:
        """Whether a request that names the session may go on with it; `principal` is what the request itself shows."""
        if self._owner is not None:
            return principal is not None and _credential(principal) == _credential(self._owner)
        known = self.connection.credentials
        return principal is None or known is None or principal.user_id == known.principal.user_id

    async def take(self) -> bytes:
        """All that waits, or what comes next. Raises UnknownPoll after a change-over."""
        self._check_polls()
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
        """Raises TooLarge, BadRequest, or UnknownPoll after a change-over."""
        self._check_polls()
        if len(body) > MAX_MESSAGE_BYTES:
            raise TooLarge
        packets = body.split(SEPARATOR, MAX_PACKETS)
        if len(packets) > MAX_PACKETS:
            raise BadRequest("Too many packets in one request.")
        for packet in packets:
            if self.is_open:
                self.connection.heard_bytes()
                self.connection.heard_message(packet, is_text=True)

    # Its upgrade: one, whether it succeeds or not.

    @property
    def can_upgrade(self) -> bool:
        return self._is_open and self._upgrade is None

    def add_upgrade(self, socket: WebSocket, home: UpgradeHome, seat: Callable[[], None] | None) -> Upgrade:
        """`home` and `seat` as Upgrade takes them."""
        self._upgrade = Upgrade(socket, self, home, seat)
        return self._upgrade

    def begin_upgrade(self) -> None:
        self._is_upgrading = True
        self._wake()

    def end_upgrade(self) -> None:
        self._is_upgrading = False

    def change_over(self, websocket: WebSocket) -> None:
        self._is_upgrading = False
        self._websocket = websocket
        packets, self._packets, self._size = self._packets, [], 0
        self._catch_up()  # before the first byte, for the socket may fall behind with these
        websocket.transport.write(b"".join(map(text_frame, packets)))
        self._wake()

    def lost_websocket(self) -> None:
        assert self._websocket is not None
        self.close_code = self._websocket.close_code
        self._lose()

    def _check_polls(self) -> None:
        if self._websocket is not None:
            raise UnknownPoll

    def _end_attempt(self) -> None:
        if self._upgrade is not None:
            self._upgrade.end(CloseCode.TOO_SLOW if self.close_code is None else self.close_code)

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
        self._end_attempt()
        self._wake()
        if self._home.forget(self.sid):
            self.connection.was_lost()


class Polls:
    """The polling clients of this node by their sid. A client has to come back to the node that knows it."""

    def __init__(self) -> None:
        self._sockets: dict[str, PollingSocket] = {}

    def begin(self, owner: Principal | None) -> PollingSocket:
        """`owner` as PollingSocket takes it."""
        socket = PollingSocket(self, owner)
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


def _credential(principal: Principal) -> tuple[UUID, UUID, UUID]:
    """The same session or API key shows the same one, however often its token is renewed."""
    return principal.tenant_id, principal.user_id, principal.session_id
