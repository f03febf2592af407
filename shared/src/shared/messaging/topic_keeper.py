"""The keeper's side of live topics: who may follow one, where it stands, and what happened since."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import msgspec

from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.envelope import encode
from shared.events.questions import (
    TopicNotFound,
    TopicPosition,
    TopicPositionAnswer,
    TopicReplay,
    TopicReplayAnswer,
)
from shared.events.topics import Topic, parse_topic, stream_of
from shared.messaging.event_log import EventLog, Position, WindowPassed
from shared.messaging.requests import Responder
from shared.principal import Principal
from shared.scopes import permits

CanSee = Callable[[Work, Principal, Topic], Awaitable[bool]]
LookUp = Callable[[Principal, Topic], Awaitable[None]]
AudienceOf = Callable[[Work, Principal, Topic], Awaitable[UUID | None]]
AdmittedAt = Callable[[Work, Principal, Topic], Awaitable[datetime | None]]


async def everybody(_work: Work, _principal: Principal, _topic: Topic) -> UUID | None:
    """All who may follow a topic hear the same."""
    return None


async def always(_work: Work, _principal: Principal, _topic: Topic) -> datetime | None:
    """What was told before somebody came is shown to them by REST as well."""
    return None


class TopicKeeper:
    """`can_see` is the service's own rule: the right to read the thing by REST is the right to follow its topic.

    Where it says no for want of knowledge, `look_up` fetches that from elsewhere, outside of any transaction.
    `audience_of` names the audience that somebody belongs to, where a topic has streams for several. `admitted_at`
    says since when they may follow it: what was told before is not for them, but the state of now; None: for ever.
    """

    def __init__(
        self,
        database: Database,
        event_log: EventLog,
        can_see: CanSee,
        look_up: LookUp | None = None,
        audience_of: AudienceOf = everybody,
        admitted_at: AdmittedAt = always,
    ) -> None:
        self._database = database
        self._event_log = event_log
        self._can_see = can_see
        self._look_up = look_up
        self._audience_of = audience_of
        self._admitted_at = admitted_at

    def answer(self, responder: Responder) -> None:
        responder.on(TopicPosition, self.position)
        responder.on(TopicReplay, self.replay)

    async def position(self, question: TopicPosition) -> TopicPositionAnswer:
        stream = await self._stream_for(question.principal, question.topic)
        position = await self._event_log.position(question.principal.tenant_id, stream)
        return TopicPositionAnswer(position.epoch, position.offset, stream)

    async def replay(self, question: TopicReplay) -> TopicReplayAnswer:
        stream = await self._stream_for(question.principal, question.topic)
        tenant_id, after = question.principal.tenant_id, question.after
        position = await self._event_log.position(tenant_id, stream)
        if question.epoch != position.epoch:
            return _lost(position, stream, "epoch_changed")
        if after > position.offset:
            return _lost(position, stream, "ahead")
        try:
            events = await self._event_log.read(tenant_id, stream, after, question.limit)
        except WindowPassed:
            return _lost(position, stream, "window_passed")
        if events and await self._is_newcomer(question, events[0].time):
            return _lost(position, stream, "not_admitted_yet")
        reached = after + len(events)
        return TopicReplayAnswer(
            epoch=position.epoch,
            offset=reached,
            stream=stream,
            events=[msgspec.Raw(encode(event)) for event in events],
            has_more=reached < position.offset,
            last_offset=position.offset,
        )

    async def _stream_for(self, principal: Principal, name: str) -> str:
        """Raises TopicNotFound."""
        topic = parse_topic(name)
        if topic is None or not permits(principal.scopes, topic.resource, "GET"):
            raise TopicNotFound
        stream = await self._visible_stream(principal, topic)
        if stream is None and self._look_up is not None:
            await self._look_up(principal, topic)
            stream = await self._visible_stream(principal, topic)
        if stream is None:
            raise TopicNotFound
        return stream

    async def _is_newcomer(self, question: TopicReplay, told_at: datetime) -> bool:
        """Whether they were let in later than the first thing that they ask for."""
        topic = parse_topic(question.topic)
        assert topic is not None  # it has been seen by now
        async with self._database.unit_of_work(question.principal.tenant_id) as work:
            since = await self._admitted_at(work, question.principal, topic)
        return since is not None and told_at < since

    async def _visible_stream(self, principal: Principal, topic: Topic) -> str | None:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            if not await self._can_see(work, principal, topic):
                return None
            return stream_of(str(topic), await self._audience_of(work, principal, topic))


def _lost(position: Position, stream: str, reason: str) -> TopicReplayAnswer:
    return TopicReplayAnswer(position.epoch, position.offset, stream, is_complete=False, reason=reason)
