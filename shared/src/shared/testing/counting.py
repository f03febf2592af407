"""What a use case asks of the database, counted."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

from shared.db.databases import Database
from shared.db.unit_of_work import Work


class CountingDatabase:
    """A real database that remembers which statements its units of work were asked for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.statements: list[str] = []

    @asynccontextmanager
    async def unit_of_work(self, tenant_id: UUID, *, actor_id: UUID | None = None) -> AsyncIterator[Work]:
        async with self._database.unit_of_work(tenant_id, actor_id=actor_id) as work:
            yield cast(Work, _CountingWork(work, self.statements))


class _CountingWork:
    def __init__(self, work: Work, statements: list[str]) -> None:
        self._work = work
        self._statements = statements

    def __getattr__(self, name: str) -> Any:
        if name in ("rows", "row", "execute"):
            return self._counted(name)
        return getattr(self._work, name)

    def _counted(self, name: str) -> Any:
        async def run(sql: str, *args: object) -> Any:
            self._statements.append(sql)
            return await getattr(self._work, name)(sql, *args)

        return run
