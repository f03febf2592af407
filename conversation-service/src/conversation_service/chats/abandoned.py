"""Chats of projects that are gone: found by walking all chats, deleted message by message."""

from collections import deque
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from shared.db.unit_of_work import Work
from shared.retention import Portion

RESTORABLE = timedelta(days=31)  # project-service purges after 30
LOOKED_AT = 10_000  # chats in one transaction
MESSAGES_AT_ONCE = 5_000  # in one transaction, with their reactions

BEGINNING = UUID(int=0)


class _Chat(NamedTuple):
    tenant_id: UUID
    id: UUID


class AbandonedChats:
    """Chats of projects that nobody has been able to see for so long that they cannot be restored any more."""

    def __init__(self) -> None:
        self._reached = BEGINNING
        self._due: deque[_Chat] = deque()

    async def delete(self, work: Work, now: datetime) -> Portion:
        """In system work."""
        if self._due:
            return Portion(await self._delete_part(work, self._due.popleft()), is_last=False)
        return Portion(0, is_last=not await self._walk_on(work, now - RESTORABLE))

    async def _walk_on(self, work: Work, since: datetime) -> bool:
        """False at the end, where the next walk begins anew."""
        rows = await work.rows(_LOOK, self._reached, LOOKED_AT, since)
        self._due.extend(_Chat(row["tenant_id"], row["id"]) for row in rows if row["is_abandoned"])
        self._reached = rows[-1]["id"] if rows else BEGINNING
        return bool(rows)

    async def _delete_part(self, work: Work, chat: _Chat) -> int:
        """Returns how many chats went: none while there are messages left."""
        if await work.execute(_DELETE_MESSAGES, *chat, MESSAGES_AT_ONCE) == MESSAGES_AT_ONCE:
            self._due.append(chat)
            return 0
        return await work.execute("delete from chats where tenant_id = $1 and id = $2", *chat)


_LOOK = """
select c.tenant_id, c.id, c.project_id is not null and c.created_at < $3 and not exists (
    select from project_viewers v
    where v.tenant_id = c.tenant_id and v.project_id = c.project_id and (v.can_see or v.as_of >= $3)
) as is_abandoned
from (select * from chats where id > $1 order by id limit $2) c order by c.id
"""
_DELETE_MESSAGES = """
delete from chat_messages where ctid = any(array(
    select ctid from chat_messages where tenant_id = $1 and chat_id = $2 limit $3
))
"""
