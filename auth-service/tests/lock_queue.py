"""Looking whether somebody waits for a lock, so that a test can hold one exactly as long as it needs."""

from shared.db.databases import Database
from shared.testing.eventually import eventually

_WAITING = """
select from pg_locks l join pg_stat_activity a on a.pid = l.pid
where a.datname = current_database() and not l.granted
"""


async def until_somebody_waits(database: Database) -> None:
    async def is_waiting() -> bool:
        return await database.system_rows(_WAITING) != []

    await eventually(is_waiting, within=5)
