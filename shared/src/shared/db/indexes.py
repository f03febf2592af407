"""Making indexes of large tables while others read and write them."""

from collections.abc import Iterable, Mapping

from tortoise import BaseDBAsyncClient

NOTHING_MORE = "select 1"
"""For a migration that has run its statements itself: what it returns is run too, and may not be empty."""

_INVALID = "select from pg_index where indexrelid = to_regclass($1) and not indisvalid"


async def create_indexes(db: BaseDBAsyncClient, indexes: Mapping[str, str]) -> None:
    """For a migration without a transaction; may be repeated. Maps names to what follows `create index ... on`.

    Waits for transactions that are open, without a limit: meanwhile it keeps nobody from anything.
    """
    for name, definition in indexes.items():
        await _drop_unfinished(db, name)
        await _run_unlimited(db, f"create index concurrently if not exists {name} on {definition}")


def drop_indexes(names: Iterable[str]) -> str:
    return f"drop index if exists {', '.join(names)};\n"


async def _drop_unfinished(db: BaseDBAsyncClient, name: str) -> None:
    """A process that was killed leaves an index that every write maintains and no query uses."""
    if (await db.execute_query(_INVALID, [name]))[0]:
        await _run_unlimited(db, f"drop index concurrently {name}")


async def _run_unlimited(db: BaseDBAsyncClient, statement: str) -> None:
    """Each statement alone: a script of several is one transaction. The pool resets the connection afterwards."""
    async with db.acquire_connection() as connection:
        await connection.execute("set lock_timeout = 0")
        await connection.execute(statement)
