"""The keeper's side of live topics: who may follow one, where it stands, and what happened since."""

from collections.abc import Awaitable, Callable

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
from shared.events.topics import Topic, parse_topic
from shared.messaging.event_log import EventLog, Position, WindowPassed
from shared.messaging.requests import Responder
from shared.principal import Principal
from shared.scopes import permits

CanSee = Callable[[Work, Principal, Topic], Awaitable[bool]]
LookUp = Callable[[Principal, Topic], Awaitable[None]]


class TopicKeeper:
    """`can_see` is the service's own rule: the right to read the thing by REST is the right to follow its topic.

    Where it says no for want of knowledge, `look_up` fetches that from elsewhere, outside of any transaction.
    """

    def __init__(self, database: Database, event_log: EventLog, can_see: CanSee, look_up: LookUp | None = None) -> None:
        self._database = database
        self._event_log = event_log
        self._can_see = can_see
        self._look_up = look_up

    def answer(self, responder: Responder) -> None:
        responder.on(TopicPosition, self.position)
        responder.on(TopicReplay, self.replay)

    async def position(self, question: TopicPosition) -> TopicPositionAnswer:
        await self._check_right(question.principal, question.topic)
        position = await self._event_log.position(question.principal.tenant_id, question.topic)
        return TopicPositionAnswer(position.epoch, position.offset)

    async def replay(self, question: TopicReplay) -> TopicReplayAnswer:
        await self._check_right(question.principal, question.topic)
        tenant_id, topic, after = question.principal.tenant_id, question.topic, question.after
        position = await self._event_log.position(tenant_id, topic)
        if question.epoch != position.epoch:
            return _lost(position, "epoch_changed")
        if after > position.offset:
            return _lost(position, "ahead")
        try:
            events = await self._event_log.read(tenant_id, topic, after, question.limit)
        except WindowPassed:
            return _lost(position, "window_passed")
        reached = after + len(events)
        return TopicReplayAnswer(
            epoch=position.epoch,
            offset=reached,
            events=[msgspec.Raw(encode(event)) for event in events],
            has_more=reached < position.offset,
        )

    async def _check_right(self, principal: Principal, name: str) -> None:
        topic = parse_topic(name)
        if topic is None or not permits(principal.scopes, topic.resource, "GET"):
            raise TopicNotFound
        if await self._is_visible(principal, topic):
            return
        if self._look_up is None:
            raise TopicNotFound
        await self._look_up(principal, topic)
        if not await self._is_visible(principal, topic):
            raise TopicNotFound

    async def _is_visible(self, principal: Principal, topic: Topic) -> bool:
        async with self._database.unit_of_work(principal.tenant_id) as work:
            return await self._can_see(work, principal, topic)


def _lost(position: Position, reason: str) -> TopicReplayAnswer:
    return TopicReplayAnswer(epoch=position.epoch, offset=position.offset, is_complete=False, reason=reason)
