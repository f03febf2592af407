"""The databases of tests: each a copy of its own, ready ahead, gone after."""

import asyncio
from collections.abc import Callable

import asyncpg

from shared.db.bootstrap import DatabaseUrls
from shared.testing.postgres import Copies, NewDatabase, PostgresServer


async def has_table(urls: DatabaseUrls, name: str) -> bool:
    connection = await asyncpg.connect(urls.owner)
    try:
        return await connection.fetchval("select to_regclass($1) is not null", name)
    finally:
        await connection.close()


async def databases_of(admin_url: str, copy: NewDatabase) -> list[str]:
    """Those of the copy's run, its template included."""
    connection = await asyncpg.connect(admin_url)
    try:
        template = copy.name.rpartition("_")[0]
        rows = await connection.fetch("select datname from pg_database where starts_with(datname, $1)", template)
        return [row["datname"] for row in rows]
    finally:
        await connection.close()


async def test_what_a_test_does_to_its_copy_is_in_no_other(fresh_urls: Callable[[str], DatabaseUrls]) -> None:
    mine = fresh_urls("sample")
    connection = await asyncpg.connect(mine.owner)
    await connection.execute("create table mine ()")
    await connection.close()

    assert [await has_table(urls, "mine") for urls in (mine, fresh_urls("sample"), fresh_urls("sample"))] == [
        True,
        False,
        False,
    ]


async def test_nothing_is_left_of_a_run(postgres_admin_url: str) -> None:
    copies = Copies(PostgresServer(postgres_admin_url))
    copy = await asyncio.to_thread(copies.take, "sample")
    assert copy.name in await databases_of(postgres_admin_url, copy)

    copies.give_back(copy)
    await asyncio.to_thread(copies.close)

    assert await databases_of(postgres_admin_url, copy) == []
