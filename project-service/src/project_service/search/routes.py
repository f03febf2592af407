"""HTTP for search. An API key needs the right to read what it looks for; for everything at once, to read everything."""

from project_service.search.schemas import AnyKindQuery, CommentSearchQuery, Hit, SearchQuery, TaskSearchQuery
from project_service.search.service import SearchService
from shared.http.routes import Routes
from shared.pagination import PageOf
from shared.principal import Principal
from shared.scopes import EVERY_RESOURCE

SEARCH = "/api/v1/search"

everything = Routes("search", resource=EVERY_RESOURCE)
projects = Routes("search", resource="projects")
tasks = Routes("search", resource="tasks")
comments = Routes("search", resource="comments")
GROUPS = (everything, projects, tasks, comments)


@everything.get(SEARCH, summary="Search in everything you may see")
async def search(principal: Principal, found: SearchService, query: AnyKindQuery) -> PageOf[Hit]:
    return await found.find_all(principal, query)


@projects.get(SEARCH + "/projects", summary="Search in projects")
async def search_projects(principal: Principal, found: SearchService, query: SearchQuery) -> PageOf[Hit]:
    return await found.find_projects(principal, query)


@tasks.get(SEARCH + "/tasks", summary="Search in tasks")
async def search_tasks(principal: Principal, found: SearchService, query: TaskSearchQuery) -> PageOf[Hit]:
    return await found.find_tasks(principal, query)


@comments.get(SEARCH + "/comments", summary="Search in comments")
async def search_comments(principal: Principal, found: SearchService, query: CommentSearchQuery) -> PageOf[Hit]:
    return await found.find_comments(principal, query)
