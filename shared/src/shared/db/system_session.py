"""A session of the system role on a connection of its own: statements without a transaction around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from asyncpg.pool import PoolConnectionProxy

from shared.db.asyncpg_engine import PooledClient
from shared.db.failures import DRIVER_ERRORS, raise_as_fact


class SystemSession:
    """Each statement is a transaction. Not for concurrent use."""

    def __init__(self, connection: PoolConnectionProxy) -> None:
        self._connection = connection

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        try:
            return [dict(record) for record in await self._connection.fetch(sql, *args)]
        except DRIVER_ERRORS as error:
            raise_as_fact(error)

    async def execute(self, sql: str, *args: object) -> None:
        try:
            await self._connection.execute(sql, *args)
        except DRIVER_ERRORS as error:
            raise_as_fact(error)


@asynccontextmanager
async def open_session(client: PooledClient, idle_timeout: float) -> AsyncIterator[SystemSession]:
    """`idle_timeout` in seconds: a holder that has stopped loses its session, and with it its locks."""
    async with client.dedicated() as connection:
        session = SystemSession(connection)
        await session.execute(f"set idle_session_timeout = {int(idle_timeout * 1000)}")
        yield session
