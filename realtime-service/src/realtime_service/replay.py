"""Asking a topic's keeper: may this principal follow it, where does it stand, what did somebody miss."""

from typing import NamedTuple
from uuid import UUID

import msgspec

from realtime_service.events import TopicEvent, topic_events
from realtime_service.positions import Position, Standing
from shared.events.envelope import decode
from shared.events.questions import TopicNotFound, TopicPosition, TopicReplay, TopicReplayAnswer
from shared.events.registry import Registry
from shared.events.topics import Topic, parse_topic, topic_of
from shared.messaging.requests import Requests
from shared.principal import Principal

MAX_MISSED = 5_000  # events: a client that missed more is faster with a fresh read of the state
DEADLINE_SECONDS = 1.0


class Missed(NamedTuple):
    """What happened after a position, as much as one answer holds; `has_more`: ask again for what follows `position`.

    With a `reason` nobody can tell, and `position` is where the topic stands now.
    """

    events: list[TopicEvent]
    position: Position
    reason: str | None = None
    has_more: bool = False


class Keepers:
    """Every method raises TopicNotFound, Unavailable, UpstreamTimeout or UpstreamError."""

    def __init__(self, requests: Requests, registry: Registry) -> None:
        self._requests = requests
        self._registry = registry

    async def standing(self, principal: Principal, topic: str) -> Standing:
        keeper = known_topic(topic).keeper
        question = TopicPosition(principal=principal, topic=topic)
        answer = await self._requests.ask(question, service=keeper, deadline=DEADLINE_SECONDS)
        return Standing(Position(answer.epoch, answer.offset), answer.stream)

    async def missed(self, principal: Principal, stream: str, after: Position) -> Missed:
        """Checked event by event: what is not contiguous counts as lost. Not found is also what is another's stream."""
        topic = topic_of(stream)
        answer = await self._page(principal, topic, after)
        if answer.stream != stream:
            raise TopicNotFound
        page = self._read_page(answer, principal.tenant_id, stream)
        if reason := answer.reason or _flaw(answer, page, after) or _excess(answer, after):
            return await self._lost(principal, topic, answer, reason)
        return Missed(page, Position(after.epoch, after.offset + len(page)), has_more=answer.has_more)

    async def _page(self, principal: Principal, topic: str, after: Position) -> TopicReplayAnswer:
        question = TopicReplay(principal=principal, topic=topic, epoch=after.epoch, after=after.offset)
        return await self._requests.ask(question, service=known_topic(topic).keeper, deadline=DEADLINE_SECONDS)

    def _read_page(self, answer: TopicReplayAnswer, tenant_id: UUID, stream: str) -> list[TopicEvent]:
        """Nothing of another tenant or stream, whatever the answer holds."""
        try:
            envelopes = [decode(bytes(raw)) for raw in answer.events]
        except msgspec.DecodeError:
            return []
        return [
            event
            for envelope in envelopes
            if envelope.tenantid == tenant_id
            for event in topic_events(envelope, self._registry)
            if event.stream == stream
        ]

    async def _lost(self, principal: Principal, topic: str, answer: TopicReplayAnswer, reason: str) -> Missed:
        if not answer.is_complete:
            return Missed([], Position(answer.epoch, answer.offset), reason)
        return Missed([], (await self.standing(principal, topic)).position, reason)


def known_topic(name: str) -> Topic:
    """Raises TopicNotFound."""
    topic = parse_topic(name)
    if topic is None:
        raise TopicNotFound
    return topic


def _excess(answer: TopicReplayAnswer, after: Position) -> str | None:
    return "too_much" if answer.last_offset - after.offset > MAX_MISSED else None


def _flaw(answer: TopicReplayAnswer, page: list[TopicEvent], after: Position) -> str | None:
    """Why a page that calls itself complete is not."""
    if answer.epoch != after.epoch:
        return "epoch_changed"
    expected = [Position(after.epoch, after.offset + number) for number in range(1, len(page) + 1)]
    is_contiguous = [event.position for event in page] == expected and len(page) == len(answer.events)
    has_all = answer.offset == after.offset + len(page) and (page or not answer.has_more)
    return None if answer.is_complete and is_contiguous and has_all else "incomplete"
