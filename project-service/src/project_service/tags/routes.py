"""HTTP for tags."""

from uuid import UUID

from project_service.projects.errors import ProjectNotFound
from project_service.projects.routes import PROJECT
from project_service.tags.errors import TagExists, TagNotFound, TooManyTags
from project_service.tags.schemas import CreateTag, TagQuery
from project_service.tags.service import TagService
from shared.errors import Forbidden
from shared.events.projects import TagState
from shared.http.answers import Created
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal

TAGS = PROJECT + "/tags"

routes = Routes("tags", resource="projects")


@routes.get(TAGS, summary="List the tags of a project", errors=[ProjectNotFound])
async def list_tags(principal: Principal, tags: TagService, project_id: UUID, query: TagQuery) -> PageOf[TagState]:
    return await tags.find(principal, project_id, query)


@routes.post(TAGS, summary="Tag a project", errors=[ProjectNotFound, Forbidden, TagExists, TooManyTags])
async def add_tag(principal: Principal, tags: TagService, project_id: UUID, body: CreateTag) -> Created[TagState]:
    return Created(await tags.add(principal, project_id, body))


@routes.delete(TAGS + "/{tag_id}", summary="Remove a tag", errors=[ProjectNotFound, TagNotFound, Forbidden])
async def remove_tag(principal: Principal, tags: TagService, project_id: UUID, tag_id: UUID) -> None:
    await tags.remove(principal, project_id, tag_id)
