"""Chats of purged projects: deleted message by message."""

from datetime import datetime, timedelta

from shared.db.due_rows import DueRows
from shared.db.unit_of_work import Work

RESTORABLE = timedelta(days=31)
"""After the deletion of a project: project-service purges it after 30, and one that is restored clears the time."""
MESSAGES_AT_ONCE = 5_000  # in one transaction, with their reactions

DUE = DueRows("chats", "project_deleted_at", RESTORABLE, "project_deleted_at is not null")


async def delete_abandoned(work: Work, now: datetime) -> int:
    """In system work: a part of one chat. Only a deletion that was seen counts: that nobody sees a project may as well
    mean that nobody has turned up who does.
    """
    chat = await work.row(_DUE, now - RESTORABLE)
    if chat is None:
        return 0
    deleted = await work.execute(_DELETE_MESSAGES, chat["tenant_id"], chat["id"], MESSAGES_AT_ONCE)
    if deleted < MESSAGES_AT_ONCE:
        deleted += await work.execute(_DELETE_CHAT, chat["tenant_id"], chat["id"], now - RESTORABLE)
    return deleted


_IS_ABANDONED = """
c.project_deleted_at < {since} and not exists (
    select from project_viewers v where v.tenant_id = c.tenant_id and v.project_id = c.project_id and v.can_see
)
"""
"""Whoever sees the project knows better than a deletion that was received after the restoring."""

_DUE = f"""
select c.tenant_id, c.id from chats c
where c.project_deleted_at is not null and {_IS_ABANDONED.format(since="$1")}
order by c.project_deleted_at limit 1 for update of c skip locked
"""  # noqa: S608 - made of constants

_DELETE_MESSAGES = """
delete from chat_messages where ctid = any(array(
    select ctid from chat_messages where tenant_id = $1 and chat_id = $2 limit $3
))
"""

_DELETE_CHAT = f"""
delete from chats c where c.tenant_id = $1 and c.id = $2 and {_IS_ABANDONED.format(since="$3")}
"""  # noqa: S608 - the same
