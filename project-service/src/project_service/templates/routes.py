"""HTTP for templates."""

from project_service.projects.routes import PROJECT, PROJECTS
from project_service.projects.schemas import ProjectView
from project_service.templates.errors import TemplateNotFound
from project_service.templates.schemas import CreateFromTemplate, TemplateQuery, TemplateView
from project_service.templates.service import TemplateService
from shared.errors import Forbidden
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.quotas import TierLimitExceeded

routes = Routes("templates", resource="projects")


@routes.get(PROJECTS + "/templates", summary="List what a project can begin with")
async def list_templates(templates: TemplateService, query: TemplateQuery) -> PageOf[TemplateView]:
    return templates.find(query)


@routes.post(
    PROJECTS + "/from-template",
    summary="Begin a project with files and tasks",
    errors=[Forbidden, TemplateNotFound, TierLimitExceeded],
    location=PROJECT,
)
async def begin_project(
    principal: Principal, templates: TemplateService, body: CreateFromTemplate
) -> Created[ProjectView]:
    return Created(await templates.begin(principal, body))
