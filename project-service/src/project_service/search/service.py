"""The use case of search: what is looked for and may be seen, best matches first."""

import msgspec

from project_service.search import repository
from project_service.search.repository import Within
from project_service.search.schemas import (
    AnyKindQuery,
    CommentSearchQuery,
    Hit,
    Kind,
    SearchQuery,
    TaskSearchQuery,
)
from shared.db.databases import Database
from shared.pagination import PageOf
from shared.principal import Principal

MOST_RANKED = 1000
"""A limit keeps a common word of a large tenant as fast as a rare one; nobody reads further than that."""


class SearchService:
    def __init__(self, database: Database, most_ranked: int = MOST_RANKED) -> None:
        self._database = database
        self._most_ranked = most_ranked

    async def find_all(self, principal: Principal, query: AnyKindQuery) -> PageOf[Hit]:
        return await self._find(principal, query, tuple(Kind) if query.type is None else (query.type,))

    async def find_projects(self, principal: Principal, query: SearchQuery) -> PageOf[Hit]:
        return await self._find(principal, query, (Kind.PROJECT,))

    async def find_tasks(self, principal: Principal, query: TaskSearchQuery) -> PageOf[Hit]:
        return await self._find(principal, query, (Kind.TASK,), query.status)

    async def find_comments(self, principal: Principal, query: CommentSearchQuery) -> PageOf[Hit]:
        return await self._find(principal, query, (Kind.COMMENT,), query.entity_type)

    async def _find(
        self, principal: Principal, query: SearchQuery, kinds: tuple[Kind, ...], facet: str | None = None
    ) -> PageOf[Hit]:
        """Where the words as they are find nothing that may be seen, so may words that are nearly spelled like them."""
        within = Within(kinds, facet, self._most_ranked)
        async with self._database.unit_of_work(principal.tenant_id) as work:
            found = await repository.find_page(work, principal, query, within, is_near=False)
            is_near = not found.ranked
            if is_near:
                found = await repository.find_page(work, principal, query, within, is_near=True)
        meta = {"is_near": is_near, "is_complete": found.ranked < self._most_ranked}
        return msgspec.structs.replace(found.page, meta=meta)
