"""What waits in the queue of jobs, as a test asks for it."""

from shared.db.databases import Database

LETTER, RESET_REQUEST = "mail.letter", "password.reset_request"


async def is_done(database: Database, kind: str) -> bool:
    """Whether nothing of this kind is left: neither waiting, nor running, nor set aside."""
    return await database.system_rows("select from jobs where kind = $1", kind) == []


async def letters_left(database: Database, template: str) -> int:
    [row] = await database.system_rows(
        "select count(*) as number from jobs where kind = $1 and payload ->> 'template' = $2", LETTER, template
    )
    number: int = row["number"]
    return number
