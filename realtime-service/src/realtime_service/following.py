"""The topics one client follows, in any dialect: joined without a hole, looked at again when its rights change."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, Protocol

from realtime_service.access import Access
from realtime_service.buckets import Rate
from realtime_service.credentials import Authenticator
from realtime_service.events import Renderer, TopicEvent
from realtime_service.hub import Hub
from realtime_service.metrics import LiveMetrics
from realtime_service.positions import Position
from realtime_service.presence.names import Names
from realtime_service.presence.service import Presence
from realtime_service.replay import Keepers
from realtime_service.replay_turns import ReplayTurns
from realtime_service.subscription import Filter, Joined, Reader, Subscription
from realtime_service.taken_transport import SOFT_LIMIT
from realtime_service.topics import Direct
from realtime_service.typing_signals import TypingSignals
from shared.errors import TesseraError, Unavailable, UpstreamError, UpstreamTimeout
from shared.events.questions import TopicNotFound
from shared.events.topics import Topic, parse_topic
from shared.messaging.requests import Requests
from shared.principal import Principal
from shared.supervision import TaskSet

JOINS_AT_ONCE = 8  # questions a client may have open at the keepers
Concerns = Callable[[Topic], bool]
TEMPORARY = (Unavailable, UpstreamError, UpstreamTimeout)


@dataclass(frozen=True, kw_only=True)
class LiveParts:
    """What the dialects of a node share."""

    hub: Hub
    access: Access
    keepers: Keepers
    requests: Requests
    authenticator: Authenticator
    metrics: LiveMetrics
    presence: Presence
    names: Names
    typing: TypingSignals
    is_bus_back: asyncio.Event
    ping_seconds: float
    budget: Rate
    """Of one connection's subscriptions."""
    replays: ReplayTurns
    checks: asyncio.Semaphore
    """Questions about rights that the whole node has open: where many are in doubt, keepers set the pace."""


class Client(Reader, Protocol):
    """The dialect's side. A client that is refused a topic leaves it."""

    def missed(self, events: Sequence[TopicEvent]) -> None:
        """Some of what happened before it came, in order."""

    def taken_away(self, topic: str, error: TesseraError) -> None:
        """It may not be followed any more, or nobody can tell: it has been left."""

    async def drained(self) -> None:
        """Returns when there is room for more of what was missed."""


class Wish(NamedTuple):
    """How somebody asked to follow a topic."""

    since: Position | None
    wanted: Filter | None
    joined: Callable[[Joined], Awaitable[None]]
    failed: Callable[[TesseraError], None]


class Following:
    """Joining a topic is a task; its outcome comes as a callback, before the first live event of the topic."""

    __slots__ = (
        "_catching_up",
        "_checks",
        "_client",
        "_direct",
        "_doubts",
        "_joining",
        "_parts",
        "_render",
        "_subscriptions",
        "_tasks",
        "_turns",
        "_unchecked",
        "_wishes",
    )

    def __init__(
        self, parts: LiveParts, client: Client, tasks: TaskSet, render: Renderer, direct: Direct | None = None
    ) -> None:
        """`render` tells how much an event weighs for this client; with `direct` it is all that the client is told."""
        self._parts = parts
        self._client = client
        self._tasks = tasks
        self._render = render
        self._direct = direct
        self._subscriptions: dict[str, Subscription] = {}
        self._wishes: dict[Subscription, Wish] = {}
        self._joining: dict[Subscription, asyncio.Task[None]] = {}
        self._doubts: dict[Subscription, int] = {}
        self._unchecked: set[Subscription] = set()
        self._turns = asyncio.Semaphore(JOINS_AT_ONCE)
        self._checks = asyncio.Semaphore(JOINS_AT_ONCE)  # never behind joins, which may wait for a slow reader
        self._catching_up = asyncio.Lock()

    def __contains__(self, topic: str) -> bool:
        return topic in self._subscriptions

    def __len__(self) -> int:
        return len(self._subscriptions)

    def join(
        self,
        topic: str,
        principal: Principal,
        since: Position | None,
        *,
        wanted: Filter | None = None,
        joined: Callable[[Joined], Awaitable[None]],
        failed: Callable[[TesseraError], None],
    ) -> None:
        """Begins anew where the topic is followed already. What was missed is told before `joined` is called."""
        self._begin(topic, principal, Wish(since, wanted, joined, failed))

    def audience_changed(self) -> None:
        """From here on nothing comes on the streams of audiences that were heard until now; the client reads anew."""
        for topic, subscription in tuple(self._subscriptions.items()):
            parsed = parse_topic(topic)
            if parsed is not None and parsed.has_audiences:
                wish = self._wishes[subscription]
                was_answered = subscription not in self._joining
                self._begin(topic, subscription.principal, self._anew(topic, wish) if was_answered else wish)

    def leave(self, topic: str) -> None:
        subscription = self._subscriptions.get(topic)
        if subscription is not None:
            self._forget(subscription)
            subscription.leave()

    def hold(self, topic: str) -> None:
        """Nothing more is told of it until `release`."""
        subscription = self._subscriptions.get(topic)
        if subscription is not None:
            subscription.hold()

    def release(self, topic: str) -> None:
        subscription = self._subscriptions.get(topic)
        if subscription is not None and subscription not in self._doubts:
            subscription.go_live()

    def leave_all(self) -> None:
        for topic in tuple(self._subscriptions):
            self.leave(topic)

    def doubt(self, concerns: Concerns) -> bool:
        """Nothing more is told of these topics until `check_again` has found that they may be followed still.

        False: none of them is followed.
        """
        is_any = False
        for name, subscription in self._subscriptions.items():
            topic = parse_topic(name)
            if topic is not None and concerns(topic):
                self._doubts[subscription] = self._doubts.get(subscription, 0) + 1
                subscription.hold()
                is_any = True
        return is_any

    def doubts(self, topic: str) -> bool:
        return self._subscriptions.get(topic) in self._doubts

    def check_again(self) -> None:
        """The user may see more or less than before: what they may not is refused and left."""
        for subscription in tuple(self._subscriptions.values()):
            if subscription not in self._unchecked:  # a check that has not begun yet covers this change, too
                self._unchecked.add(subscription)
                self._tasks.start(self._check(subscription))

    def _begin(self, topic: str, principal: Principal, wish: Wish) -> None:
        self.leave(topic)
        subscription = Subscription(self._parts.hub, principal, topic, self._client, wish.wanted, self._direct)
        self._subscriptions[topic] = subscription
        self._wishes[subscription] = wish
        self._joining[subscription] = self._tasks.start(self._join(subscription, wish))

    def _anew(self, topic: str, wish: Wish) -> Wish:
        """For a client that was answered already and does not know that it asks again."""

        async def joined(place: Joined) -> None:
            self._client.lost(topic, place.position, "audience_changed")

        return Wish(None, wish.wanted, joined, lambda error: self._client.taken_away(topic, error))

    async def _join(self, subscription: Subscription, wish: Wish) -> None:
        try:
            async with self._turns, self._turn_of(subscription.principal, wish):
                place = await subscription.join(
                    self._parts.access,
                    self._parts.keepers,
                    wish.since,
                    partial(self._deliver_part, subscription),
                    self._catching_up,
                )
        except TesseraError as error:
            self._forget(subscription)
            wish.failed(error)
            return
        await self._tell_missed(place.missed)
        await wish.joined(place)
        self._joining.pop(subscription, None)
        if subscription not in self._doubts:
            subscription.go_live()
        if wish.since is not None:
            self._parts.metrics.recoveries.labels("recovered" if place.is_recovered else "lost").inc()

    def _turn_of(self, principal: Principal, wish: Wish) -> AbstractAsyncContextManager[None]:
        """Only who asks for a replay waits for one of the tenant's turns, and never while it waits for its own."""
        return nullcontext() if wish.since is None else self._parts.replays.of(principal)

    async def _deliver_part(self, subscription: Subscription, events: list[TopicEvent], position: Position) -> None:
        """Begun anew, the topic goes on from what was written last: nothing is delivered twice."""
        await self._tell_missed(events, partial(self._advance, subscription))
        await self._client.drained()
        self._advance(subscription, position)

    def _advance(self, subscription: Subscription, position: Position) -> None:
        wish = self._wishes.get(subscription)
        if wish is not None:
            self._wishes[subscription] = wish._replace(since=position)

    async def _tell_missed(
        self, events: list[TopicEvent], written: Callable[[Position], None] = lambda _position: None
    ) -> None:
        """Never more at once than a healthy reader takes without being called slow; `written` gets what it reached."""
        part: list[TopicEvent] = []
        size = 0
        for event in events:
            part.append(event)
            size += len(event.frame(self._render))
            if size >= SOFT_LIMIT:
                self._client.missed(part)
                written(event.position)
                part, size = [], 0
                await self._client.drained()
        self._client.missed(part)

    async def _check(self, subscription: Subscription) -> None:
        try:
            async with self._checks, self._parts.checks:
                self._unchecked.discard(subscription)
                doubt = self._doubts.get(subscription)
                stream = await self._parts.access.check(subscription.principal, subscription.topic)
            if self._subscriptions.get(subscription.topic) is subscription and not subscription.hears(stream):
                self.audience_changed()
            if doubt is not None and self._doubts.get(subscription) == doubt:  # none came while this was asked
                self._trust(subscription)
        except (TopicNotFound, *TEMPORARY) as error:  # what cannot be checked is not allowed: the client asks again
            if self._subscriptions.get(subscription.topic) is subscription:
                self.leave(subscription.topic)
                self._client.taken_away(subscription.topic, error)

    def _trust(self, subscription: Subscription) -> None:
        del self._doubts[subscription]
        if subscription not in self._joining:
            subscription.go_live()

    def _forget(self, subscription: Subscription) -> None:
        if self._subscriptions.get(subscription.topic) is subscription:
            del self._subscriptions[subscription.topic]
        self._wishes.pop(subscription, None)
        self._doubts.pop(subscription, None)
        task = self._joining.pop(subscription, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()
