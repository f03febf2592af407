"""The live topics kept here: whoever may read the thing may follow its topic."""

from project_service.comments.service import CommentService
from project_service.projects import repository as projects
from shared.db.unit_of_work import Work
from shared.events.topics import Topic, comments_topic
from shared.messaging.topic_keeper import CanSee
from shared.principal import Principal

_OF_A_PROJECT = ("project", "tasks", "files")


def visibility_of_topics(comments: CommentService) -> CanSee:
    async def can_see(work: Work, principal: Principal, topic: Topic) -> bool:
        entity_id = topic.entity_id
        if entity_id is None:
            return False
        if topic.kind in _OF_A_PROJECT and topic.rest == str(entity_id):
            return await projects.is_visible(work, principal, entity_id)
        entity_type = topic.rest.partition(":")[0]
        if str(topic) == comments_topic(entity_type, entity_id):
            return await comments.can_see(work, principal, entity_type, entity_id)
        return False

    return can_see
