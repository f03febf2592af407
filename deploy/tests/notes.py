"""A note in a server's database: what must be there again after a restart."""

import asyncpg

from deploy.embedded.postgres import EmbeddedPostgres


async def run(server: EmbeddedPostgres, statement: str) -> object:
    connection = await asyncpg.connect(server.admin_url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def write_note(server: EmbeddedPostgres) -> None:
    await run(server, "create table note as select 'kept' as words")


async def read_note(server: EmbeddedPostgres) -> object:
    return await run(server, "select words from note")
