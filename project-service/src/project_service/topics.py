"""The live topics kept here: whoever may read the thing may follow its topic."""

from datetime import datetime
from uuid import UUID

from project_service.comments.service import CommentService
from project_service.gifting import streams
from project_service.gifting.lists import repository as lists
from project_service.gifting.lists.errors import ListNotFound
from project_service.gifting.statements import held
from project_service.projects import repository as projects
from shared.clock import Clock
from shared.db.unit_of_work import Work
from shared.events.topics import LIST_ITEMS_TOPIC, Topic, comments_topic
from shared.members import repository as members
from shared.messaging.topic_keeper import CanSee
from shared.principal import Principal

_OF_A_PROJECT = ("project", "tasks", "files")
_PLANNED_TABLES = {"occasion": "gift_occasions", "person": "gift_persons"}
_OF_PLANNING = ("list", "list-items", *_PLANNED_TABLES)


def visibility_of_topics(comments: CommentService, clock: Clock) -> CanSee:
    async def can_see(work: Work, principal: Principal, topic: Topic) -> bool:
        entity_id = topic.entity_id
        if entity_id is None:
            return str(topic) == LIST_ITEMS_TOPIC
        if topic.kind == "comments":
            entity_type = topic.rest.partition(":")[0]
            is_well_named = str(topic) == comments_topic(entity_type, entity_id)
            return is_well_named and await comments.can_see(work, principal, entity_type, entity_id)
        if topic.rest != str(entity_id):
            return False
        if topic.kind in _OF_A_PROJECT:
            return await projects.is_visible(work, principal, entity_id)
        if topic.kind in _PLANNED_TABLES:
            return bool(await held(work, _PLANNED_TABLES[topic.kind], principal.tenant_id, [entity_id]))
        return topic.kind == "list" and await _sees_list(work, principal, entity_id, clock)

    return can_see


async def audience_of(work: Work, principal: Principal, topic: Topic) -> UUID | None:
    """Whose stream of the topic they hear; None is everybody's."""
    is_planned = topic.kind in _OF_PLANNING or (topic.kind == "comments" and _is_about_planning(topic))
    return await streams.audience_of(work, principal.tenant_id, principal.user_id) if is_planned else None


async def admitted_at(work: Work, principal: Principal, topic: Topic) -> datetime | None:
    """Former names and notes are shown by no address. Of comments nothing can be read but what they say now."""
    if topic.kind in _OF_A_PROJECT and topic.entity_id is not None:
        return await projects.admitted_at(work, principal, topic.entity_id)
    if topic.kind == "list" and topic.entity_id is not None:
        return await lists.admitted_at(work, principal, topic.entity_id)
    if topic.kind in _OF_PLANNING:
        return await members.joined_at(work, principal.tenant_id, principal.user_id)
    return None


def _is_about_planning(topic: Topic) -> bool:
    return topic.rest.partition(":")[0] not in ("project", "task", "file")


async def _sees_list(work: Work, principal: Principal, list_id: UUID, clock: Clock) -> bool:
    try:
        await lists.get(work, principal, list_id, clock.now())
    except ListNotFound:
        return False
    return True
