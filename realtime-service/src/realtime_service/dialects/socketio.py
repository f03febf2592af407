"""The Socket.IO dialect: chat clients with the stock socket.io-client, which hear their chats without asking."""

import asyncio
import random
from collections.abc import Mapping, Sequence
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
    Room,
    RoomLeft,
    Typing,
    TypingInChat,
    chat_frame,
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
from realtime_service.dialects.topics import RETRY_MS
from realtime_service.errors import InvalidMessage, TooManySubscriptions, UnknownType
from realtime_service.events import TopicEvent
from realtime_service.following import TEMPORARY, Following, LiveParts, Tasks
from realtime_service.frame_reader import MAX_MESSAGE_BYTES
from realtime_service.frames import CloseCode, text_frame
from realtime_service.passing import PassingFrame
from realtime_service.positions import Position
from realtime_service.subscription import Joined as Place
from realtime_service.topics import Direct
from shared.errors import AuthRequired, SessionRevoked, TesseraError, TokenExpired, TooManyRequests
from shared.events.questions import ChatsOfUser, TopicNotFound
from shared.events.topics import chat_topic
from shared.principal import Principal

MAX_ROOMS = 1_000
PING_TIMEOUT_SECONDS = 20.0
CHAT_NOT_FOUND = "CHAT_NOT_FOUND"  # absent and forbidden alike
_EXPIRED = "AUTH_SESSION_EXPIRED"
_ROOT = "/"


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
        self._tasks = Tasks()
        self._following = Following(parts, self, self._tasks, chat_frame, Direct(chat_frame, connection))
        self._is_connected = False
        self._left: set[UUID] = set()
        self._is_look_due = False
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
            self._connection.heard_small_change()
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
        self._following.audience_changed()

    def rights_changed(self) -> None:
        self._following.check_again()
        if self._is_connected:
            self._look_for_chats({})

    def end(self) -> None:
        self._tasks.end()
        self._following.leave_all()

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
            elif packet.type is not PacketType.ACK:  # we never ask for one, so what comes answers nothing
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
        if not self._is_connected:
            self._is_connected = True
            self._connection.write(message_frame(PacketType.CONNECT, {"sid": self._sid}))
            if not self._parts.is_bus_back.is_set():
                self.say("degraded")
            self._look_for_chats(since)

    def _refuse_connection(self, error: TesseraError) -> None:
        code = _EXPIRED if isinstance(error, TokenExpired | SessionRevoked) else error.code
        if not isinstance(error, (*TEMPORARY, TooManyRequests, TokenExpired, SessionRevoked, InvalidMessage)):
            code = AuthRequired.code
        refusal = {"message": code, "data": {"code": code, "message": error.message}}
        self._connection.write(message_frame(PacketType.CONNECT_ERROR, refusal))

    def _refuse_namespace(self, packet: Packet) -> None:
        if packet.type is PacketType.CONNECT and self._connection.take_frame_token():
            refusal = b'%b%d%b,{"message":"Invalid namespace"}'
            namespace = packet.namespace.encode()
            self._connection.write(text_frame(refusal % (MESSAGE, PacketType.CONNECT_ERROR, namespace)))

    # The user's chats.

    def _look_for_chats(self, since: Mapping[UUID, Position]) -> None:
        """Joins those that are not followed yet, but for those that the client has left."""
        if not self._is_look_due:
            self._is_look_due = True
            self._tasks.start(self._join_chats(since))

    async def _join_chats(self, since: Mapping[UUID, Position]) -> None:
        chat_ids = await self._chats_of_user()
        self._is_look_due = False
        for chat_id in chat_ids:
            self._join_unasked(chat_id, since.get(chat_id))

    async def _chats_of_user(self) -> Sequence[UUID]:
        """Asked until there is an answer."""
        while True:
            try:
                return (await self._parts.requests.ask(ChatsOfUser(principal=self._principal))).chat_ids
            except TEMPORARY:
                await _a_while()

    def _join_unasked(self, chat_id: UUID, since: Position | None) -> None:
        topic = chat_topic(chat_id)
        if chat_id in self._left or topic in self._following or len(self._following) >= MAX_ROOMS:
            return

        async def joined(place: Place) -> None:
            self._emit(
                "roomJoined", _room(chat_id, place.position, is_recovered=place.is_recovered, reason=place.reason)
            )

        def failed(error: TesseraError) -> None:
            if isinstance(error, TEMPORARY):
                self._tasks.start(self._join_later(chat_id, since))

        self._following.join(topic, self._principal, since, joined=joined, failed=failed)

    async def _join_later(self, chat_id: UUID, since: Position | None) -> None:
        await _a_while()
        self._join_unasked(chat_id, since)

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
            self._left.add(arguments.chat_id)
            self._following.leave(chat_topic(arguments.chat_id))
            self._answer(packet, Done())
        elif isinstance(arguments, Typing):
            self._tell_typing(packet, arguments.chat_id)
        elif isinstance(arguments, RefreshToken):
            self._tasks.start(self._refresh(packet, arguments.token))

    def _join(self, packet: Packet, wanted: JoinRoom) -> None:
        topic = chat_topic(wanted.chat_id)
        if len(self._following) >= MAX_ROOMS and topic not in self._following:
            self._answer_error(packet, TooManySubscriptions())
            return
        self._left.discard(wanted.chat_id)
        since = Position(wanted.since.epoch, wanted.since.offset) if wanted.since else None

        async def joined(place: Place) -> None:
            self._answer(packet, _joined(place))

        def failed(error: TesseraError) -> None:
            self._answer_error(packet, error)

        self._following.join(topic, self._principal, since, joined=joined, failed=failed)

    def _tell_typing(self, packet: Packet, chat_id: UUID) -> None:
        """Only who follows a chat may be told to type in it: whoever does has the right to."""
        topic = chat_topic(chat_id)
        if topic not in self._following:
            self._answer_error(packet, TopicNotFound())
            return
        self._tasks.start(self._parts.typing.tell(self._principal, topic))
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

    # What subscriptions tell.

    def event(self, event: TopicEvent) -> None:
        frame = event.frame(chat_frame)
        if frame:
            self._connection.write(frame)

    def lost(self, topic: str, position: Position, reason: str) -> None:
        self._emit("roomJoined", _room(_chat_id(topic), position, is_recovered=False, reason=reason))
        self._parts.metrics.recoveries.labels("lost").inc()

    def missed(self, events: Sequence[TopicEvent]) -> None:
        for event in events:
            self.event(event)

    def passing(self, passing: PassingFrame) -> None:
        """Answers of models belong to conversations."""

    def typing(self, topic: str, user_id: UUID) -> None:
        told = TypingInChat(chat_id=_chat_id(topic), user_id=user_id)
        self._connection.write_if_idle(event_packet("typing", told))

    def refused(self, topic: str) -> None:
        self._following.leave(topic)
        self.taken_away(topic, TopicNotFound())

    def taken_away(self, topic: str, error: TesseraError) -> None:
        """Who is let in again later is told then that something may be missing."""
        self._emit("roomLeft", RoomLeft(chat_id=_chat_id(topic)))
        if isinstance(error, TEMPORARY):
            self._tasks.start(self._join_later(_chat_id(topic), None))

    def overwhelmed(self) -> None:
        self._connection.close(CloseCode.TOO_SLOW)

    async def drained(self) -> None:
        await self._connection.drained()

    @property
    def _principal(self) -> Principal:
        """Of a connected client."""
        credentials = self._connection.credentials
        assert credentials is not None
        return credentials.principal

    def _emit(self, name: str, data: msgspec.Struct) -> None:
        self._connection.write(event_packet(name, data))


async def _a_while() -> None:
    await asyncio.sleep(random.uniform(*RETRY_MS) / 1000)  # noqa: S311 - spreads load, hides nothing


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


def _joined(place: Place) -> Joined:
    epoch, offset = place.position
    reason = UNSET if place.reason is None else place.reason
    return Joined(epoch=epoch, offset=offset, recovered=place.is_recovered, reason=reason)


def _room(chat_id: UUID, position: Position, *, is_recovered: bool, reason: str | None) -> Room:
    epoch, offset = position
    kept = UNSET if reason is None else reason
    return Room(chat_id=chat_id, epoch=epoch, offset=offset, recovered=is_recovered, reason=kept)


def _chat_id(topic: str) -> UUID:
    return UUID(topic.partition(":")[2])
