"""Clients of the live dialects, for `episodes`: what they hear is compared with what happened."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

from deploy.chaos.episode_truth import EPOCH, Truth
from shared.events.topics import chat_topic, files_topic
from shared.testing.live_chats import LiveChats
from shared.testing.live_client import LiveClient
from shared.testing.live_project import STATE, LiveProjectWindow
from shared.testing.live_reader import BrokenPromise, LiveEvent
from shared.testing.live_socket import Handshake, LiveSocket

PAUSES = (0.05, 0.4)  # seconds before coming back
SHORT_LIVED = 0.1
"""The share of connections whose credential ends within two seconds."""


class Doors(NamedTuple):
    """Where clients come in, and what lets them."""

    urls: Callable[[], Sequence[str]]
    headers: Callable[[bool], dict[str, str]]
    """True: of a credential that ends soon."""

    def handshake(self, chance: random.Random) -> Handshake:
        return Handshake(chance.choice(self.urls()), self.headers(chance.random() < SHORT_LIVED))


class Follower:
    """`broken` counts promises that were not kept. A client that was lied to is replaced by a new one."""

    def __init__(self, truth: Truth, topics: Sequence[str], make_client: Callable[[], LiveSocket]) -> None:
        self.broken: Counter[str] = Counter()
        self.recovered = self.flagged = self.events = 0
        self._truth = truth
        self._topics = topics
        self._make_client = make_client
        self._client = make_client()

    @property
    def is_up_to_date(self) -> bool:
        return all(self._client.position(topic) == (EPOCH, self._truth.offset(topic)) for topic in self._topics)

    async def drop(self) -> None:
        """As a lost network does."""
        await self._client.drop_connection()

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            try:
                async with self._client:
                    await self._listen()
            except BrokenPromise as broken:
                self.broken[broken.promise] += 1
            finally:
                self._count()
            self._client = self._make_client()

    async def _listen(self) -> None:
        async for event in self._client:
            self.events += 1
            if not self._is_true(event):
                self.broken["another event"] += 1

    def _is_true(self, event: LiveEvent) -> bool:
        if event.event == STATE:
            return len(event.data["files"]) == event.offset
        told = [event.data.get(name) for name in ("entity_id", "message_id", "id")]
        return self._truth.entity(event.topic, event.offset) in told

    def _count(self) -> None:
        answers, seen = self._client.recoveries, set[str]()
        for answer in answers:
            self.recovered += answer.recovered
            self.flagged += not answer.recovered and answer.topic in seen
            seen.add(answer.topic)


def followers(truth: Truth, doors: Doors, chance: random.Random, each: int) -> list[Follower]:
    """`each` of the dialects of whole topics, and as many windows on each project."""

    def enter() -> Handshake:
        return doors.handshake(chance)

    def topics() -> LiveSocket:
        client = LiveClient(enter, pauses=PAUSES)
        for topic in truth.topics.names:
            client.follow(topic)
        return client

    def chats() -> LiveSocket:
        return LiveChats(enter, has_holes=False, pauses=PAUSES)

    def window(project_id: UUID) -> Callable[[], LiveSocket]:
        return lambda: LiveProjectWindow(project_id, enter, pauses=PAUSES)

    found: list[Follower] = []
    for _ in range(each):
        found.append(Follower(truth, truth.topics.names, topics))
        found.append(Follower(truth, [chat_topic(one) for one in truth.topics.chats], chats))
        found += [Follower(truth, [files_topic(one)], window(one)) for one in truth.topics.projects]
    return found
