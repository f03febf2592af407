"""The chats that one Socket.IO client is in: joined without asking, or left and joined by its own wish."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import msgspec

from realtime_service.buckets import Bucket
from realtime_service.connection import Connection
from realtime_service.dialects.socketio_frames import RoomLeft, TypingInChat, chat_frame, room_joined
from realtime_service.dialects.socketio_packets import event_packet
from realtime_service.dialects.topics import RETRY_MS
from realtime_service.errors import TooManySubscriptions
from realtime_service.events import TopicEvent
from realtime_service.following import TEMPORARY, Concerns, Following, LiveParts
from realtime_service.frames import CloseCode
from realtime_service.passing import PassingFrame
from realtime_service.positions import Position
from realtime_service.subscription import Joined as Place
from realtime_service.topics import Direct
from realtime_service.typing_signals import TYPING_RATE
from shared.errors import TesseraError
from shared.events.questions import ChatsOfUser, TopicNotFound
from shared.events.topics import chat_topic
from shared.principal import Principal
from shared.supervision import TaskSet

MAX_ROOMS = 1_000


class Rooms:
    """Of a client that is known. Answers to its own wishes are the caller's; all else is told from here."""

    def __init__(self, parts: LiveParts, connection: Connection, tasks: TaskSet) -> None:
        self._parts = parts
        self._connection = connection
        self._tasks = tasks
        self._following = Following(parts, self, tasks, chat_frame, Direct(chat_frame, connection))
        self._left: dict[UUID, None] = {}
        self._typing = Bucket(TYPING_RATE)
        self._is_look_due = False

    def __contains__(self, chat_id: UUID) -> bool:
        return chat_topic(chat_id) in self._following

    def look_for_chats(self, since: Mapping[UUID, Position]) -> None:
        """Joins those that are not followed yet, but for those that the client has left."""
        if not self._is_look_due:
            self._is_look_due = True
            self._tasks.start(self._join_chats(since))

    def join(
        self,
        chat_id: UUID,
        since: Position | None,
        *,
        joined: Callable[[Place], None],
        failed: Callable[[TesseraError], None],
    ) -> None:
        if len(self._following) >= MAX_ROOMS and chat_id not in self:
            failed(TooManySubscriptions())
            return
        self._left.pop(chat_id, None)

        async def answer(place: Place) -> None:
            joined(place)

        self._following.join(chat_topic(chat_id), self._principal, since, joined=answer, failed=failed)

    def leave(self, chat_id: UUID) -> None:
        self._left[chat_id] = None
        while len(self._left) > MAX_ROOMS:
            del self._left[next(iter(self._left))]
        self._following.leave(chat_topic(chat_id))

    def tell_typing(self, chat_id: UUID) -> None:
        """Only who follows a chat has the right to type in it. Raises TopicNotFound.

        What comes too often is left out: what was sent before still holds.
        """
        if chat_id not in self:
            raise TopicNotFound
        if not self._typing.take():
            return
        self._tasks.start(self._parts.typing.tell(self._principal, chat_topic(chat_id)))

    def audience_changed(self) -> None:
        self._following.audience_changed()

    def doubt(self, concerns: Concerns) -> bool:
        return self._following.doubt(concerns)

    def check_again(self) -> None:
        self._following.check_again()

    def leave_all(self) -> None:
        self._following.leave_all()

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
        if chat_id in self._left or chat_id in self or len(self._following) >= MAX_ROOMS:
            return

        async def joined(place: Place) -> None:
            told = room_joined(chat_id, place.position, is_recovered=place.is_recovered, reason=place.reason)
            self._emit("roomJoined", told)

        def failed(error: TesseraError) -> None:
            if isinstance(error, TEMPORARY):
                self._tasks.start(self._join_later(chat_id, since))

        self._following.join(chat_topic(chat_id), self._principal, since, joined=joined, failed=failed)

    async def _join_later(self, chat_id: UUID, since: Position | None) -> None:
        await _a_while()
        self._join_unasked(chat_id, since)

    # What subscriptions tell.

    def event(self, event: TopicEvent) -> None:
        frame = event.frame(chat_frame)
        if frame:
            self._connection.write(frame)

    def lost(self, topic: str, position: Position, reason: str) -> None:
        self._emit("roomJoined", room_joined(_chat_id(topic), position, is_recovered=False, reason=reason))
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
        credentials = self._connection.credentials
        assert credentials is not None
        return credentials.principal

    def _emit(self, name: str, data: msgspec.Struct) -> None:
        self._connection.write(event_packet(name, data))


async def _a_while() -> None:
    await asyncio.sleep(random.uniform(*RETRY_MS) / 1000)  # noqa: S311 - spreads load, hides nothing


def _chat_id(topic: str) -> UUID:
    return UUID(topic.partition(":")[2])
