"""HTTP for projects."""

from uuid import UUID

from project_service.projects.errors import ProjectNotFound
from project_service.projects.schemas import CreateProject, PatchProject, ProjectQuery, ProjectView
from project_service.projects.service import ProjectService
from shared.errors import Forbidden, PreconditionFailed
from shared.http.answers import Created
from shared.http.conditions import IfMatch
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

PROJECTS = "/api/v1/projects"
PROJECT = PROJECTS + "/{project_id}"
FAVORITES = "/api/v1/favorites"
_WRITE_ERRORS = [ProjectNotFound, Forbidden, PreconditionFailed]

routes = Routes("projects", resource="projects")


@routes.get(PROJECTS, summary="List the projects you may see")
async def list_projects(principal: Principal, projects: ProjectService, query: ProjectQuery) -> PageOf[ProjectView]:
    return await projects.find(principal, query)


@routes.post(PROJECTS, summary="Create a project", errors=[Forbidden, TierLimitExceeded], location=PROJECT)
async def add_project(principal: Principal, projects: ProjectService, body: CreateProject) -> Created[ProjectView]:
    return Created(await projects.add(principal, body))


@routes.get(PROJECT, summary="Read a project", errors=[ProjectNotFound])
async def get_project(principal: Principal, projects: ProjectService, project_id: UUID) -> ProjectView:
    return await projects.get(principal, project_id)


@routes.put(PROJECT, summary="Change a project (the same as PATCH)", errors=_WRITE_ERRORS)
@routes.patch(PROJECT, summary="Change a project", errors=_WRITE_ERRORS)
async def change_project(
    principal: Principal, projects: ProjectService, project_id: UUID, body: PatchProject, if_match: IfMatch
) -> ProjectView:
    return await projects.change(principal, project_id, body, if_match)


@routes.delete(PROJECT, summary="Delete a project; it can be restored for 30 days", errors=_WRITE_ERRORS)
async def remove_project(principal: Principal, projects: ProjectService, project_id: UUID, if_match: IfMatch) -> None:
    await projects.remove(principal, project_id, if_match)


@routes.post(
    PROJECT + "/restore",
    summary="Restore a deleted project",
    errors=[ProjectNotFound, Forbidden, TierLimitExceeded],
)
async def restore_project(principal: Principal, projects: ProjectService, project_id: UUID) -> ProjectView:
    return await projects.restore(principal, project_id)


@routes.get(FAVORITES, summary="List your favourite projects")
async def list_favorites(principal: Principal, projects: ProjectService, query: ProjectQuery) -> PageOf[ProjectView]:
    return await projects.favorites(principal, query)


@routes.post(PROJECT + "/favorite", summary="Make a project one of your favourites", errors=[ProjectNotFound])
async def make_favorite(principal: Principal, projects: ProjectService, project_id: UUID) -> None:
    await projects.make_favorite(principal, project_id)


@routes.delete(PROJECT + "/favorite", summary="Take a project from your favourites", errors=[ProjectNotFound])
async def drop_favorite(principal: Principal, projects: ProjectService, project_id: UUID) -> None:
    await projects.drop_favorite(principal, project_id)
