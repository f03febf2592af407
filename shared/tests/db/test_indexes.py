"""Indexes of large tables are made beside their readers and writers, and anew where a process was killed."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.db.indexes import create_indexes
from shared.testing.eventually import eventually
from shared.testing.migrations import migration_client
from shared.testing.postgres import PostgresServer

VALID = "select indisvalid from pg_index where indexrelid = 'numbers_once'::regclass"


@pytest.fixture
async def owner(postgres_server: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    name, urls = await postgres_server.empty("sample")
    connection = await asyncpg.connect(urls.owner, server_settings={"lock_timeout": "100ms"})
    await connection.execute("create table numbers (number int)")
    yield connection
    await connection.close()
    await postgres_server.drop(name)


async def test_an_index_that_was_left_unfinished_is_made_anew(owner: asyncpg.Connection) -> None:
    await owner.execute("insert into numbers values (1), (1)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await owner.execute("create unique index concurrently numbers_once on numbers (number)")
    assert await owner.fetchval(VALID) is False

    for _ in range(2):
        await create_indexes(migration_client(owner), {"numbers_once": "numbers (number)"})

    assert await owner.fetchval(VALID) is True


async def test_an_index_waits_for_open_transactions_and_writers_do_not_wait_for_it(
    owner: asyncpg.Connection, postgres_admin_url: str
) -> None:
    database = await owner.fetchval("select current_database()")
    reader = await asyncpg.connect(postgres_admin_url, database=database)
    writer = await asyncpg.connect(postgres_admin_url, database=database)
    transaction = reader.transaction()
    await transaction.start()
    await reader.execute("lock table numbers in row exclusive mode")

    making = asyncio.create_task(create_indexes(migration_client(owner), {"numbers_once": "numbers (number)"}))
    waits = "select from pg_stat_activity where datname = current_database() and wait_event = 'virtualxid'"

    async def is_waiting() -> bool:
        return len(await writer.fetch(waits)) == 1

    await eventually(is_waiting)
    await writer.execute("set lock_timeout = '2s'; insert into numbers values (1)")
    await transaction.rollback()
    await making

    assert await owner.fetchval(VALID) is True
    await reader.close()
    await writer.close()
