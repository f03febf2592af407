"""What a migration gets of aerich, over a connection of a test: for running one again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any, cast

import asyncpg
from tortoise import BaseDBAsyncClient

from shared.db.bootstrap import DatabaseUrls
from shared.db.migrate import migrate, migrations_folder


class _Client:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    @asynccontextmanager
    async def acquire_connection(self) -> AsyncIterator[asyncpg.Connection]:
        yield self._connection

    async def execute_script(self, script: str) -> None:
        await self._connection.execute(script)

    async def execute_query(self, sql: str, values: Sequence[Any] = ()) -> tuple[int, list[Any]]:
        rows = await self._connection.fetch(sql, *values)
        return len(rows), rows

    async def execute_query_dict(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        return [dict(row) for row in await self._connection.fetch(sql, *values)]


def migration_client(connection: asyncpg.Connection) -> BaseDBAsyncClient:
    return cast("BaseDBAsyncClient", _Client(connection))


async def migrate_again(service: str, urls: DatabaseUrls, name: str) -> None:
    """As if the migration file `name` had been killed just before its end, on rows as an older version left them."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute("delete from aerich where version = $1", name)
    finally:
        await connection.close()
    assert await migrate(service, urls.owner) == [name]


async def migrate_back(service: str, urls: DatabaseUrls, name: str) -> None:
    """What the migration file `name` did is undone, so that there is room for rows of before; see `migrate_again`."""
    file = migrations_folder(service) / name
    spec = spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute(await module.downgrade(migration_client(connection)))
    finally:
        await connection.close()
