"""Running a migration that may be repeated once more, on rows as an older version has left them."""

import asyncpg

from shared.db.bootstrap import DatabaseUrls
from shared.db.migrate import migrate


async def migrate_again(service: str, urls: DatabaseUrls, name: str) -> None:
    """As if the migration file `name` had been killed just before its end."""
    connection = await asyncpg.connect(urls.owner)
    try:
        await connection.execute("delete from aerich where version = $1", name)
    finally:
        await connection.close()
    assert await migrate(service, urls.owner) == [name]
