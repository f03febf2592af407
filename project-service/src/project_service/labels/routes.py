"""HTTP for labels."""

from uuid import UUID

from project_service.labels.errors import LabelExists, LabelNotFound
from project_service.labels.schemas import CreateLabel, LabelQuery
from project_service.labels.service import LabelService
from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT
from shared.errors import Forbidden, LimitReached
from shared.events.projects import LabelState
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

LABELS = PROJECT + "/tasks/labels"

routes = Routes("tasks", resource="tasks")


@routes.get(LABELS, summary="List the labels of a project's tasks", errors=[ProjectNotFound])
async def list_labels(
    principal: Principal, labels: LabelService, project_id: UUID, query: LabelQuery
) -> PageOf[LabelState]:
    return await labels.find(principal, project_id, query)


@routes.post(LABELS, summary="Add a label", errors=[ProjectNotFound, Forbidden, LabelExists, LimitReached])
async def add_label(
    principal: Principal, labels: LabelService, project_id: UUID, body: CreateLabel
) -> Created[LabelState]:
    return Created(await labels.add(principal, project_id, body))


@routes.delete(
    LABELS + "/{label_id}",
    summary="Delete a label, also from all tasks that bear it",
    errors=[ProjectNotFound, Forbidden, LabelNotFound],
)
async def remove_label(principal: Principal, labels: LabelService, project_id: UUID, label_id: UUID) -> None:
    await labels.remove(principal, project_id, label_id)
