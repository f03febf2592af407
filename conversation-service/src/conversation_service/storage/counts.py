"""Counts anew what a tenant stores, to compare it with the sum that triggers keep."""

# ruff: noqa: S608 - statements are put together from constants

from uuid import UUID

from shared.db.unit_of_work import Work

PORTION_ROWS = 1_000  # conversations or chats that one statement counts at most
PORTION_MESSAGES = 100_000  # of these conversations or chats, and those of one more: within the statement timeout
_FIRST = UUID(int=0)


async def drift(work: Work, tenant_id: UUID) -> int:
    """By how many bytes `used` is too large. The first statement of its transaction; writers do not wait meanwhile.

    `used` and the rows that it counts change in one transaction, and all portions see one state of both.
    """
    await work.execute("set transaction isolation level repeatable read")
    row = await work.row("select used from storage_allotments where tenant_id = $1", tenant_id)
    used: int = 0 if row is None else row["used"]
    counted = 0
    for statement in (_CONVERSATIONS, _CHATS):
        counted += await _in_portions(work, statement, tenant_id)
    for statement in (_CONTENTS_OF_FORKS, _TICKETS):
        [stored] = await work.rows(statement, tenant_id)
        counted += stored["bytes"]
    return used - counted


async def _in_portions(work: Work, statement: str, tenant_id: UUID) -> int:
    counted, after = 0, _FIRST
    while True:
        [portion] = await work.rows(statement, tenant_id, after, PORTION_ROWS, PORTION_MESSAGES)
        if portion["last"] is None:
            return counted
        counted, after = counted + portion["bytes"], portion["last"]


def _with_messages(table: str, size: str, messages: str, key: str, message_size: str) -> str:
    """Bytes of the rows of `table` behind `$2`, and of their messages; `last` is the last of these rows."""
    return f"""
        with portion as (
            select c.*, sum(c.message_count) over (order by c.id) - c.message_count as messages_before
            from (select * from {table} where tenant_id = $1 and id > $2 order by id limit $3) c
        ), chosen as (
            select c.id, {size} as bytes from portion c where c.messages_before < $4
        )
        select (array_agg(id order by id desc))[1] as last, (coalesce(sum(bytes), 0) + coalesce((
            select sum({message_size}) from chosen c join {messages} m on m.{key} = c.id where m.tenant_id = $1
        ), 0))::bigint as bytes from chosen
    """


_CONVERSATIONS = _with_messages(
    "conversations",
    "conversation_bytes(c.title, c.description, c.tags, c.summary)",
    "messages",
    "conversation_id",
    "message_bytes(m.content, m.feedback)",
)

_CHATS = _with_messages("chats", "chat_bytes(c.title)", "chat_messages", "chat_id", "chat_message_bytes(m.content)")

_CONTENTS_OF_FORKS = """
select coalesce(sum(message_bytes(content, feedback)), 0)::bigint as bytes
from messages where tenant_id = $1 and conversation_id is null
"""

_TICKETS = """
select coalesce(sum(support_ticket_bytes(question, answer)), 0)::bigint as bytes
from support_tickets where tenant_id = $1
"""
