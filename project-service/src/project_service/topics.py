"""The live topics kept here: whoever may read the thing may follow its topic."""

from project_service.projects import repository as projects
from shared.db.unit_of_work import Work
from shared.events.topics import Topic
from shared.principal import Principal

_OF_A_PROJECT = ("project", "tasks", "files")


async def can_see(work: Work, principal: Principal, topic: Topic) -> bool:
    project_id = topic.entity_id
    if topic.kind not in _OF_A_PROJECT or topic.rest != str(project_id):
        return False
    return project_id is not None and await projects.is_visible(work, principal, project_id)
