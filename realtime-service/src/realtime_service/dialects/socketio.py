"""The Socket.IO dialect: chat clients with the stock socket.io-client, which hear their chats without asking."""

import random
from collections.abc import Mapping
from uuid import UUID

import msgspec
from msgspec import UNSET

from realtime_service.buckets import Bucket
from realtime_service.connection import Connection
from realtime_service.dialects.socketio_frames import (
    Arguments,
    Done,
    Joined,
    JoinRoom,
    LeaveRoom,
    Notice,
    Problem,
    RefreshToken,
    Refused,
    Typing,
    joined_at,
    read_arguments,
    read_hello,
)
from realtime_service.dialects.socketio_packets import (
    CLOSE,
    MESSAGE,
    PING,
    PING_FRAME,
    PONG,
    Packet,
    PacketType,
    event_packet,
    message_frame,
    open_frame,
    read_call,
    read_packet,
)
from realtime_service.dialects.socketio_rooms import Rooms
from realtime_service.dialects.topics import RETRY_MS
from realtime_service.errors import InvalidMessage, UnknownType
from realtime_service.following import TEMPORARY, Concerns, LiveParts
from realtime_service.frame_reader import MAX_MESSAGE_BYTES
from realtime_service.frames import CloseCode, text_frame
from realtime_service.positions import Position
from shared.errors import AuthRequired, SessionRevoked, TesseraError, TokenExpired, TooManyRequests
from shared.events.questions import TopicNotFound
from shared.quotas import TierLimitExceeded
from shared.supervision import TaskSet

PING_TIMEOUT_SECONDS = 20.0
CHAT_NOT_FOUND = "CHAT_NOT_FOUND"  # absent and forbidden alike
_EXPIRED = "AUTH_SESSION_EXPIRED"
_ROOT = "/"
_TOLD_BY_NAME = (*TEMPORARY, TooManyRequests, TierLimitExceeded, TokenExpired, SessionRevoked, InvalidMessage)
"""Why a client is refused; all else is that it has to sign in."""


class SocketIoSession:
    """One client. Packets are answered at once; joining, and checking a token, are tasks."""

    dialect = "socketio"
    ping = PING_FRAME
    is_one_way = False

    def __init__(
        self,
        parts: LiveParts,
        connection: Connection,
        sid: str,
        *,
        can_upgrade: bool,
        refusal: TesseraError | None = None,
    ) -> None:
        """`refusal` of the credential in the handshake; a good token in the connect packet makes up for it."""
        self._parts = parts
        self._connection = connection
        self._sid = sid
        self._refusal = refusal
        self._tasks = TaskSet("serve a client")
        self._rooms = Rooms(parts, connection, self._tasks)
        self._is_connected = False
        self._budget = Bucket(parts.budget)
        connection.write(
            open_frame(
                sid,
                can_upgrade=can_upgrade,
                ping_seconds=parts.ping_seconds,
                ping_timeout_seconds=PING_TIMEOUT_SECONDS,
                limit=MAX_MESSAGE_BYTES,
            )
        )

    # What the connection calls.

    def welcome(self) -> None:
        """The client still has to connect, in the words of its protocol."""

    def message(self, text: bytes) -> None:
        kind, rest = text[:1], text[1:]
        if kind == MESSAGE:
            self._hear(rest)
        elif kind == PONG:
            self._connection.on_control_frame()
        elif kind == PING:
            if self._connection.take_frame_token():
                self._connection.write(text_frame(PONG + rest[:16]))
        elif kind == CLOSE:
            self._connection.close(CloseCode.NORMAL)
        elif self._connection.take_frame_token():
            self.fail(InvalidMessage())

    def fail(self, error: TesseraError, retry_after_ms: int | None = None) -> None:
        if self._is_connected:
            self._emit("error", _problem(error, retry_after_ms))
        else:
            self._refuse_connection(error)

    def say(self, action: str, retry_after_ms: int | None = None) -> None:
        if self._is_connected:
            self._emit(action, Notice(retry_after_ms=UNSET if retry_after_ms is None else retry_after_ms))

    def audience_changed(self) -> None:
        self._rooms.audience_changed()

    def rights_doubted(self, concerns: Concerns) -> bool:
        return self._rooms.doubt(concerns)

    def rights_changed(self) -> None:
        self._rooms.check_again()
        if self._is_connected:
            self._rooms.look_for_chats({})

    def end(self) -> None:
        self._tasks.cancel()
        self._rooms.leave_all()

    # Connecting.

    def _hear(self, text: bytes) -> None:
        try:
            packet = read_packet(text)
            if packet.namespace != _ROOT:
                self._refuse_namespace(packet)
            elif packet.type is PacketType.CONNECT:
                self._connect(packet)
            elif packet.type is PacketType.DISCONNECT:
                self._connection.close(CloseCode.NORMAL)
            elif packet.type is PacketType.EVENT:
                self._call(packet)
            elif packet.type is PacketType.ACK:  # we never ask for one, so what comes answers nothing
                self._connection.take_frame_token()
            else:
                raise InvalidMessage
        except InvalidMessage as error:
            if self._connection.take_frame_token():
                self.fail(error)

    def _connect(self, packet: Packet) -> None:
        hello = read_hello(packet.data)
        if self._connection.take_frame_token() and not self._is_connected:
            since = {chat_id: Position(place.epoch, place.offset) for chat_id, place in hello.since.items()}
            self._tasks.start(self._let_in(hello.token, since))

    async def _let_in(self, token: str | None, since: Mapping[UUID, Position]) -> None:
        try:
            if token is not None:
                self._connection.authenticate(await self._parts.authenticator.from_token(token))
            elif self._connection.credentials is None:
                raise self._refusal or AuthRequired
        except TesseraError as error:
            self._refuse_connection(error)
            return
        if self._connection.is_open and not self._is_connected:
            self._is_connected = True
            self._connection.write(message_frame(PacketType.CONNECT, {"sid": self._sid}))
            if not self._parts.is_bus_back.is_set():
                self.say("degraded")
            self._rooms.look_for_chats(since)

    def _refuse_connection(self, error: TesseraError) -> None:
        code = _EXPIRED if isinstance(error, TokenExpired | SessionRevoked) else error.code
        if not isinstance(error, _TOLD_BY_NAME):
            code = AuthRequired.code
        details = {"details": error.details} if error.details else {}
        refusal = {"message": code, "data": {"code": code, "message": error.message, **details}}
        self._connection.write(message_frame(PacketType.CONNECT_ERROR, refusal))

    def _refuse_namespace(self, packet: Packet) -> None:
        if self._connection.take_frame_token() and packet.type is PacketType.CONNECT:
            refusal = b'%b%d%b,{"message":"Invalid namespace"}'
            namespace = packet.namespace.encode()
            self._connection.write(text_frame(refusal % (MESSAGE, PacketType.CONNECT_ERROR, namespace)))

    # What the client emits.

    def _call(self, packet: Packet) -> None:
        if not self._is_connected:
            raise InvalidMessage
        try:
            arguments = read_arguments(read_call(packet))
        except (InvalidMessage, UnknownType) as error:
            if self._connection.take_frame_token():
                self._answer_error(packet, error)
            return
        if isinstance(arguments, JoinRoom) and self._budget.take():
            self._join(packet, arguments)
        elif self._connection.take_frame_token():
            self._obey(packet, arguments)

    def _obey(self, packet: Packet, arguments: Arguments) -> None:
        if isinstance(arguments, JoinRoom):
            error = TooManyRequests("Too many rooms in a short time.")
            self._answer_error(packet, error, self._budget.wait_ms)
        elif isinstance(arguments, LeaveRoom):
            self._rooms.leave(arguments.chat_id)
            self._answer(packet, Done())
        elif isinstance(arguments, Typing):
            self._tell_typing(packet, arguments.chat_id)
        elif isinstance(arguments, RefreshToken):
            self._tasks.start(self._refresh(packet, arguments.token))

    def _join(self, packet: Packet, wanted: JoinRoom) -> None:
        since = Position(wanted.since.epoch, wanted.since.offset) if wanted.since else None
        self._rooms.join(
            wanted.chat_id,
            since,
            joined=lambda place: self._answer(packet, joined_at(place)),
            failed=lambda error: self._answer_error(packet, error),
        )

    def _tell_typing(self, packet: Packet, chat_id: UUID) -> None:
        try:
            self._rooms.tell_typing(chat_id)
        except TopicNotFound as error:
            self._answer_error(packet, error)
        else:
            self._answer(packet, Done())

    async def _refresh(self, packet: Packet, token: str) -> None:
        try:
            self._connection.authenticate(await self._parts.authenticator.from_token(token))
        except TEMPORARY as error:
            self._answer_error(packet, error)
        except SessionRevoked as error:
            self._connection.fail(error, CloseCode.SESSION_REVOKED)
        except TesseraError as error:
            self._connection.fail(error, CloseCode.UNAUTHENTICATED)
        else:
            self._answer(packet, Done())

    def _answer(self, packet: Packet, answer: Joined | Done | Refused) -> None:
        if packet.ack is not None:
            self._connection.write(message_frame(PacketType.ACK, [answer], packet.ack))

    def _answer_error(self, packet: Packet, error: TesseraError, retry_after_ms: int | None = None) -> None:
        """Whoever asks for no answer hears of the error all the same."""
        problem = _problem(error, retry_after_ms)
        if packet.ack is None:
            self._emit("error", problem)
        else:
            self._answer(packet, Refused(error=problem))

    def _emit(self, name: str, data: msgspec.Struct) -> None:
        self._connection.write(event_packet(name, data))


def _problem(error: TesseraError, retry_after_ms: int | None = None) -> Problem:
    """A temporary error says when to try again."""
    if retry_after_ms is None and isinstance(error, TEMPORARY):
        retry_after_ms = random.randint(*RETRY_MS)  # noqa: S311 - spreads load, hides nothing
    is_absent = isinstance(error, TopicNotFound)
    return Problem(
        code=CHAT_NOT_FOUND if is_absent else error.code,
        message="There is no such chat." if is_absent else error.message,
        temporary=retry_after_ms is not None,
        retry_after_ms=UNSET if retry_after_ms is None else retry_after_ms,
    )
