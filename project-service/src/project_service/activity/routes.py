"""HTTP for activity."""

from uuid import UUID

from project_service.activity.schemas import ActivityQuery, ActivityView
from project_service.activity.service import ActivityService
from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

routes = Routes("activity", resource="projects")


@routes.get(PROJECT + "/activity", summary="List what happened in a project, newest first", errors=[ProjectNotFound])
async def list_activity(
    principal: Principal, activity: ActivityService, project_id: UUID, query: ActivityQuery
) -> PageOf[ActivityView]:
    return await activity.find(principal, project_id, query)
