"""The topics dialect: a client subscribes to named topics and hears what happens in them."""

import asyncio
import random
from collections.abc import Coroutine
from dataclasses import dataclass

import msgspec
from msgspec import UNSET, UnsetType

from realtime_service.access import Access
from realtime_service.buckets import Bucket, Rate
from realtime_service.connection import Connection
from realtime_service.credentials import Authenticator
from realtime_service.dialects.topics_frames import (
    Authenticate,
    ClientFrame,
    ErrorFrame,
    Ping,
    Said,
    SetPresence,
    Subscribe,
    Subscribed,
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
from realtime_service.frames import CloseCode, json_frame
from realtime_service.hub import Hub
from realtime_service.metrics import LiveMetrics
from realtime_service.passing import PassingFrame
from realtime_service.positions import Position
from realtime_service.presence.changes import PresenceChange
from realtime_service.presence.names import Names
from realtime_service.presence.service import Presence
from realtime_service.presence.signals import Member
from realtime_service.replay import Keepers
from realtime_service.subscription import Joined, Subscription
from realtime_service.topics import Direct
from realtime_service.websocket import SOFT_LIMIT
from shared.errors import (
    AuthRequired,
    SessionRevoked,
    TesseraError,
    TooManyRequests,
    Unavailable,
    UpstreamError,
    UpstreamTimeout,
)
from shared.events.questions import TopicNotFound
from shared.events.topics import parse_topic
from shared.principal import Principal
from shared.telemetry.logs import get_logger

MAX_SUBSCRIPTIONS = 128
SUBSCRIPTIONS_PER_SECOND = 1.0  # a full resume always fits, once
MAX_STATE_BYTES = 1024
JOINS_AT_ONCE = 8  # questions a connection may have open at the keepers

log = get_logger()
RETRY_MS = (500, 2_000)  # spread, so that a crowd does not come back as one
_TEMPORARY = (Unavailable, UpstreamError, UpstreamTimeout)


@dataclass(frozen=True, kw_only=True)
class TopicsDialect:
    hub: Hub
    access: Access
    keepers: Keepers
    authenticator: Authenticator
    metrics: LiveMetrics
    presence: Presence
    names: Names
    is_bus_back: asyncio.Event
    budget: Rate
    """Of one connection's subscriptions."""

    def begin(self, connection: Connection) -> "TopicsSession":
        return TopicsSession(self, connection)


def subscription_budget(rate_scale: float) -> Rate:
    return Rate(MAX_SUBSCRIPTIONS * rate_scale, SUBSCRIPTIONS_PER_SECOND * rate_scale)


class TopicsSession:
    """One client. Joining a topic is a task; everything else happens at once."""

    def __init__(self, parts: TopicsDialect, connection: Connection) -> None:
        self._parts = parts
        self._connection = connection
        self._subscriptions: dict[str, Subscription] = {}
        self._asked: dict[str, Subscribe] = {}
        self._joining: dict[Subscription, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._present: set[str] = set()
        self._early: list[ClientFrame] | None = None
        self._turns = asyncio.Semaphore(JOINS_AT_ONCE)
        self._budget = Bucket(parts.budget)

    # What the connection calls.

    def welcome(self) -> None:
        if not self._parts.is_bus_back.is_set():
            self.say("degraded")

    def message(self, text: bytes) -> None:
        try:
            frame = read_frame(text)
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

    def rights_changed(self) -> None:
        for topic in tuple(self._subscriptions):
            self._start(self._check_again(topic))

    def audience_changed(self) -> None:
        """From here on nothing comes on the streams that were heard until now; the client reads anew."""
        credentials = self._connection.credentials
        for topic, subscription in tuple(self._subscriptions.items()):
            parsed = parse_topic(topic)
            if credentials is not None and parsed is not None and parsed.has_audiences:
                is_answered = subscription not in self._joining
                frame = self._asked[topic]
                again = msgspec.structs.replace(frame, id=UNSET, since=None) if is_answered else frame
                self._subscribe(again, credentials.principal, "audience_changed" if is_answered else None)

    def end(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        for subscription in tuple(self._subscriptions.values()):
            self._drop(subscription, may_return=True)

    # What the client asks.

    def _obey(self, frame: ClientFrame) -> None:
        """Frames sent behind the first token, without waiting for an answer, are kept until it is checked."""
        credentials = self._connection.credentials
        if self._early is not None:
            self._early.append(frame)
        elif isinstance(frame, Authenticate):
            self._early = [] if credentials is None else None
            self._start(self._authenticate(frame))
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

    async def _authenticate(self, frame: Authenticate) -> None:
        try:
            self._connection.authenticate(await self._parts.authenticator.from_token(frame.token))
        except _TEMPORARY as error:
            self._write(_error(error, frame))
            self._refuse_early(error)
        except SessionRevoked as error:
            self._connection.fail(error, CloseCode.SESSION_REVOKED)
        except TesseraError as error:
            self._connection.fail(error, CloseCode.UNAUTHENTICATED)
        else:
            early, self._early = self._early or [], None
            for waiting in early:
                self._obey(waiting)

    def _refuse_early(self, error: TesseraError) -> None:
        early, self._early = self._early or [], None
        for waiting in early:
            self._write(_error(error, waiting))

    def _subscribe(self, frame: Subscribe, principal: Principal, reason: str | None = None) -> None:
        """`reason` tells why a client that did not ask is answered again."""
        if (known := self._subscriptions.get(frame.topic)) is not None:
            self._drop(known, may_return=frame.presence)
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            self._write(_error(TooManySubscriptions(), frame))
            return
        direct = Direct(event_frame, self._connection)
        subscription = Subscription(self._parts.hub, principal, frame.topic, self, frame.filter, direct)
        self._subscriptions[frame.topic] = subscription
        self._asked[frame.topic] = frame
        self._joining[subscription] = self._start(self._join(frame, subscription, reason))

    def _unsubscribe(self, frame: Unsubscribe) -> None:
        if (known := self._subscriptions.get(frame.topic)) is not None:
            self._drop(known)
        self._write(Unsubscribed(topic=frame.topic, id=frame.id))

    def _set_presence(self, frame: SetPresence) -> None:
        if frame.topic not in self._present:
            self._write(_error(NotPresent(), frame))
        elif len(bytes(frame.state)) > MAX_STATE_BYTES:
            self._write(_error(InvalidMessage("A presence state has at most 1 KiB."), frame))
        else:
            self._parts.presence.set_state(self, frame.topic, frame.state)

    async def _enter(self, topic: str) -> list[Member]:
        name = await self._parts.names.of(self.principal)
        self._present.add(topic)
        return self._parts.presence.enter(self, topic, name)

    async def _join(self, frame: Subscribe, subscription: Subscription, reason: str | None) -> None:
        since = Position(frame.since.epoch, frame.since.offset) if frame.since else None
        try:
            async with self._turns:
                joined = await subscription.join(self._parts.access, self._parts.keepers, since)
        except TesseraError as error:
            self._forget(subscription)
            self._write(_error(error, frame))
            return
        presence = await self._enter(frame.topic) if frame.presence else UNSET
        await self._tell_missed(joined.missed)
        self._write(_subscribed(frame, joined if reason is None else joined._replace(reason=reason), presence))
        subscription.go_live()
        self._joining.pop(subscription, None)
        if since is not None:
            self._parts.metrics.recoveries.labels("recovered" if joined.is_recovered else "lost").inc()

    async def _tell_missed(self, events: list[TopicEvent]) -> None:
        """Never more at once than a healthy reader takes without being called slow."""
        frames: list[bytes] = []
        size = 0
        for event in events:
            frames.append(event.frame(event_frame))
            size += len(frames[-1])
            if size >= SOFT_LIMIT:
                self._connection.write_all(frames)
                frames, size = [], 0
                await self._connection.drained()
        self._connection.write_all(frames)

    async def _check_again(self, topic: str) -> None:
        subscription = self._subscriptions.get(topic)
        credentials = self._connection.credentials
        if subscription is None or credentials is None:
            return
        try:
            async with self._turns:
                stream = await self._parts.access.check(credentials.principal, topic)
            if self._subscriptions.get(topic) is subscription and not subscription.hears(stream):
                self.audience_changed()
        except (TopicNotFound, *_TEMPORARY) as error:  # what cannot be checked is not allowed: the client asks again
            if self._subscriptions.get(topic) is subscription:
                self._take_away(subscription, error)

    # What subscriptions tell.

    def event(self, event: TopicEvent) -> None:
        self._connection.write(event.frame(event_frame))

    def passing(self, passing: PassingFrame) -> None:
        self._connection.write_if_idle(passing.frame(passing_frame))

    def lost(self, topic: str, position: Position, reason: str) -> None:
        epoch, offset = position
        self._write(Subscribed(topic=topic, epoch=epoch, offset=offset, recovered=False, reason=reason))
        self._parts.metrics.recoveries.labels("lost").inc()

    def refused(self, topic: str) -> None:
        if (known := self._subscriptions.get(topic)) is not None:
            self._take_away(known, TopicNotFound())

    def _take_away(self, subscription: Subscription, error: TesseraError) -> None:
        self._write(_error(error, topic=subscription.topic))
        self._drop(subscription)

    def overwhelmed(self) -> None:
        self._connection.close(CloseCode.TOO_SLOW)

    @property
    def principal(self) -> Principal:
        assert self._connection.credentials is not None
        return self._connection.credentials.principal

    def presence_changed(self, change: PresenceChange) -> bool:
        return self._connection.write_if_idle(change.frame(presence_frame))

    def _drop(self, subscription: Subscription, *, may_return: bool = False) -> None:
        if subscription.topic in self._present:
            self._present.discard(subscription.topic)
            self._parts.presence.leave(self, subscription.topic, may_return=may_return)
        self._forget(subscription)
        subscription.leave()

    def _forget(self, subscription: Subscription) -> None:
        del self._subscriptions[subscription.topic]
        self._asked.pop(subscription.topic, None)
        task = self._joining.pop(subscription, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a frame could not be obeyed", exc_info=error)

    def _write(self, value: Subscribed | Unsubscribed | Said | ErrorFrame) -> None:
        self._connection.write(json_frame(value))


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
    if retry_after_ms is None and isinstance(error, _TEMPORARY):
        retry_after_ms = random.randint(*RETRY_MS)  # noqa: S311 - spreads load, hides nothing
    named = topic or getattr(frame, "topic", None)
    return ErrorFrame(
        code=error.code,
        message=error.message,
        topic=UNSET if named is None else named,
        temporary=retry_after_ms is not None,
        retry_after_ms=UNSET if retry_after_ms is None else retry_after_ms,
        id=UNSET if frame is None else frame.id,
    )
