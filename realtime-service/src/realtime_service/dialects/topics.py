"""The topics dialect: a client subscribes to named topics and hears what happens in them."""

import random
from collections.abc import Sequence
from uuid import UUID

from msgspec import UNSET, UnsetType

from realtime_service.buckets import Bucket, Rate
from realtime_service.connection import Connection
from realtime_service.dialects.topics_frames import (
    MAX_STATE_BYTES,
    Authenticate,
    ClientFrame,
    ErrorFrame,
    IsTyping,
    Ping,
    Said,
    SetPresence,
    Subscribe,
    Subscribed,
    TypingFrame,
    Unreadable,
    Unsubscribe,
    Unsubscribed,
    event_frame,
    passing_frame,
    presence_frame,
    read_frame,
)
from realtime_service.errors import InvalidMessage, NotPresent, TooManySubscriptions
from realtime_service.events import TopicEvent
from realtime_service.following import TEMPORARY, Concerns, Following, LiveParts
from realtime_service.frames import PING, CloseCode, json_frame
from realtime_service.passing import PassingFrame
from realtime_service.positions import Position
from realtime_service.presence.changes import PresenceChange
from realtime_service.presence.signals import Member
from realtime_service.subscription import Joined
from realtime_service.topics import Direct
from shared.errors import AuthRequired, SessionRevoked, TesseraError, TooManyRequests
from shared.events.questions import TopicNotFound
from shared.principal import Principal
from shared.supervision import TaskSet

MAX_SUBSCRIPTIONS = 128
SUBSCRIPTIONS_PER_SECOND = 1.0  # a full resume always fits, once
MAX_EARLY = 2 * MAX_SUBSCRIPTIONS  # frames kept while the first token is checked: a full resume, twice
RETRY_MS = (500, 2_000)  # spread, so that a crowd does not come back as one


def subscription_budget(rate_scale: float) -> Rate:
    return Rate(MAX_SUBSCRIPTIONS * rate_scale, SUBSCRIPTIONS_PER_SECOND * rate_scale)


class TopicsSession:
    """One client. Joining a topic is a task; everything else happens at once."""

    dialect = "topics"
    ping = PING
    is_one_way = False

    def __init__(self, parts: LiveParts, connection: Connection) -> None:
        self._parts = parts
        self._connection = connection
        self._tasks = TaskSet("serve a client")
        self._following = Following(parts, self, self._tasks, event_frame, Direct(event_frame, connection))
        self._present: set[str] = set()
        self._early: list[ClientFrame] | None = None
        self._budget = Bucket(parts.budget)

    # What the connection calls.

    def welcome(self) -> None:
        if not self._parts.is_bus_back.is_set():
            self.say("degraded")

    def message(self, text: bytes) -> None:
        try:
            frame = _checked(read_frame(text))
        except Unreadable as unreadable:
            if self._connection.take_frame_token():
                self._write(_error(unreadable.error, ClientFrame(action="", id=unreadable.echo)))
            return
        if isinstance(frame, Subscribe) and self._budget.take():
            self._obey(frame)
        elif self._connection.take_frame_token():
            if isinstance(frame, Subscribe):
                error = TooManyRequests("Too many subscriptions in a short time.")
                self._write(_error(error, frame, self._budget.wait_ms))
            else:
                self._obey(frame)

    def fail(self, error: TesseraError, retry_after_ms: int | None = None) -> None:
        self._write(_error(error, retry_after_ms=retry_after_ms))

    def say(self, action: str, retry_after_ms: int | None = None) -> None:
        self._write(Said(action=action, retry_after_ms=UNSET if retry_after_ms is None else retry_after_ms))

    def rights_doubted(self, concerns: Concerns) -> bool:
        return self._following.doubt(concerns)

    def rights_changed(self) -> None:
        self._following.check_again()

    def audience_changed(self) -> None:
        self._following.audience_changed()

    def end(self) -> None:
        self._tasks.cancel()
        for topic in tuple(self._present):
            self._depart(topic, may_return=True)
        self._following.leave_all()

    # What the client asks.

    def _obey(self, frame: ClientFrame) -> None:
        """Frames sent behind the first token, without waiting for an answer, are kept until it is checked."""
        credentials = self._connection.credentials
        if self._early is not None:
            self._keep_early(frame)
        elif isinstance(frame, Authenticate):
            self._early = [] if credentials is None else None
            self._tasks.start(self._authenticate(frame))
        elif credentials is None:
            self._connection.fail(AuthRequired(), CloseCode.UNAUTHENTICATED)
        elif isinstance(frame, Subscribe):
            self._subscribe(frame, credentials.principal)
        elif isinstance(frame, Unsubscribe):
            self._unsubscribe(frame)
        elif isinstance(frame, SetPresence):
            self._set_presence(frame)
        elif isinstance(frame, Ping):
            self._write(Said(action="pong", id=frame.id))

    def _keep_early(self, frame: ClientFrame) -> None:
        assert self._early is not None
        if len(self._early) < MAX_EARLY:
            self._early.append(frame)
        else:
            self._connection.fail(TooManyRequests("Too many frames before the first answer."), CloseCode.TOO_MANY)

    async def _authenticate(self, frame: Authenticate) -> None:
        try:
            self._connection.authenticate(await self._parts.authenticator.from_token(frame.token))
        except TEMPORARY as error:
            self._write(_error(error, frame))
            self._refuse_early(error)
        except SessionRevoked as error:
            self._connection.fail(error, CloseCode.SESSION_REVOKED)
        except TesseraError as error:
            self._connection.fail(error, CloseCode.UNAUTHENTICATED)
        else:
            early, self._early = self._early or [], None
            for waiting in early if self._connection.is_open else ():
                self._obey(waiting)

    def _refuse_early(self, error: TesseraError) -> None:
        early, self._early = self._early or [], None
        for waiting in early:
            self._write(_error(error, waiting))

    def _subscribe(self, frame: Subscribe, principal: Principal) -> None:
        self._depart(frame.topic, may_return=frame.presence)
        self._following.leave(frame.topic)
        if len(self._following) >= MAX_SUBSCRIPTIONS:
            self._write(_error(TooManySubscriptions(), frame))
            return

        async def joined(place: Joined) -> None:
            presence = await self._enter(frame.topic) if frame.presence else UNSET
            self._write(_subscribed(frame, place, presence))

        self._following.join(
            frame.topic,
            principal,
            Position(frame.since.epoch, frame.since.offset) if frame.since else None,
            wanted=frame.filter,
            joined=joined,
            failed=lambda error: self._write(_error(error, frame)),
        )

    def _unsubscribe(self, frame: Unsubscribe) -> None:
        self._depart(frame.topic)
        self._following.leave(frame.topic)
        self._write(Unsubscribed(topic=frame.topic, id=frame.id))

    # Presence.

    @property
    def principal(self) -> Principal:
        assert self._connection.credentials is not None
        return self._connection.credentials.principal

    def presence_changed(self, change: PresenceChange) -> bool:
        return not self._following.doubts(change.topic) and self._connection.write_if_idle(change.frame(presence_frame))

    def _set_presence(self, frame: SetPresence) -> None:
        if frame.topic not in self._present:
            self._write(_error(NotPresent(), frame))
        else:
            self._parts.presence.set_state(self, frame.topic, frame.state)

    async def _enter(self, topic: str) -> list[Member]:
        name = await self._parts.names.of(self.principal)
        self._present.add(topic)
        return self._parts.presence.enter(self, topic, name)

    def _depart(self, topic: str, *, may_return: bool = False) -> None:
        if topic in self._present:
            self._present.discard(topic)
            self._parts.presence.leave(self, topic, may_return=may_return)

    # What subscriptions tell.

    def event(self, event: TopicEvent) -> None:
        self._connection.write(event.frame(event_frame))

    def missed(self, events: Sequence[TopicEvent]) -> None:
        self._connection.write_all([event.frame(event_frame) for event in events])

    def passing(self, passing: PassingFrame) -> None:
        self._connection.write_if_idle(passing.frame(passing_frame))

    def lost(self, topic: str, position: Position, reason: str) -> None:
        epoch, offset = position
        self._write(Subscribed(topic=topic, epoch=epoch, offset=offset, recovered=False, reason=reason))
        self._parts.metrics.recoveries.labels("lost").inc()

    def typing(self, topic: str, user_id: UUID) -> None:
        self._connection.write_if_idle(json_frame(TypingFrame(topic=topic, data=IsTyping(user_id))))

    def refused(self, topic: str) -> None:
        self._following.leave(topic)
        self.taken_away(topic, TopicNotFound())

    def taken_away(self, topic: str, error: TesseraError) -> None:
        self._depart(topic)
        self._write(_error(error, topic=topic))

    def overwhelmed(self) -> None:
        self._connection.close(CloseCode.TOO_SLOW)

    async def drained(self) -> None:
        await self._connection.drained()

    def _write(self, value: Subscribed | Unsubscribed | Said | ErrorFrame) -> None:
        self._connection.write(json_frame(value))


def _checked(frame: ClientFrame) -> ClientFrame:
    """Raises Unreadable for a state that is too large, before anything is kept of it."""
    if isinstance(frame, SetPresence) and len(bytes(frame.state)) > MAX_STATE_BYTES:
        raise Unreadable(InvalidMessage("A presence state has at most 1 KiB."), frame.id)
    return frame


def _subscribed(frame: Subscribe, joined: Joined, presence: list[Member] | UnsetType) -> Subscribed:
    return Subscribed(
        topic=frame.topic,
        epoch=joined.position.epoch,
        offset=joined.position.offset,
        recovered=joined.is_recovered,
        reason=UNSET if joined.reason is None else joined.reason,
        presence=presence,
        id=frame.id,
    )


def _error(
    error: TesseraError, frame: ClientFrame | None = None, retry_after_ms: int | None = None, topic: str | None = None
) -> ErrorFrame:
    """A temporary error says when to try again."""
    if retry_after_ms is None and isinstance(error, TEMPORARY):
        retry_after_ms = random.randint(*RETRY_MS)  # noqa: S311 - spreads load, hides nothing
    named = topic or getattr(frame, "topic", None)
    return ErrorFrame(
        code=error.code,
        message=error.message,
        topic=UNSET if named is None else named,
        temporary=retry_after_ms is not None,
        retry_after_ms=UNSET if retry_after_ms is None else retry_after_ms,
        id=UNSET if frame is None else frame.id,
        details=error.details or UNSET,
    )
