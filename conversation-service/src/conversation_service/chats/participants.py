"""Every query on who takes part in chats."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from conversation_service.chats.errors import ChatParticipantNotFound
from conversation_service.chats.schemas import ChatRole, ParticipantQuery, ParticipantView
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.members.authors import display_name
from shared.pagination import PageOf, decode_cursor, encode_cursor
from shared.principal import Principal


class Participation(NamedTuple):
    chat_id: UUID
    user_id: UUID


async def join(
    work: Work, tenant_id: UUID, chat_id: UUID, user_ids: Sequence[UUID], role: ChatRole, now: datetime
) -> list[UUID]:
    """Who had not taken part before; what was said until now counts as read."""
    ids = [new_id() for _ in user_ids]
    rows = await work.rows(_JOIN, tenant_id, chat_id, role, now, ids, list(user_ids))
    return [row["user_id"] for row in rows]


async def leave(work: Work, tenant_id: UUID, chat_id: UUID, user_id: UUID) -> None:
    """Raises ChatParticipantNotFound."""
    if not await work.execute(_LEAVE, tenant_id, chat_id, user_id):
        raise ChatParticipantNotFound


async def lock_groups(work: Work, tenant_id: UUID, user_id: UUID, until: datetime, at_most: int) -> list[UUID]:
    """Chats in which they had taken part by then, but no direct ones; there may be more.

    Locked before messages are written: chats are locked before the tenant's storage, never behind it.
    """
    rows = await work.rows(_LOCK_GROUPS, tenant_id, user_id, until, at_most)
    return [row["id"] for row in rows]


async def leave_all(work: Work, tenant_id: UUID, chat_ids: Collection[UUID], user_id: UUID) -> None:
    await work.execute(_LEAVE_ALL, tenant_id, list(chat_ids), user_id)


async def leave_project(
    work: Work, tenant_id: UUID, project_id: UUID, user_ids: Collection[UUID]
) -> list[Participation]:
    rows = await work.rows(_LEAVE_PROJECT, tenant_id, project_id, list(user_ids))
    return [Participation(row["chat_id"], row["user_id"]) for row in rows]


async def keep_owned(work: Work, tenant_id: UUID, chat_id: UUID) -> bool:
    """Whoever has taken part for longest becomes owner of a chat that has none. False where nobody is left."""
    await work.execute(_APPOINT, tenant_id, chat_id)
    return await work.row(_ANYBODY, tenant_id, chat_id) is not None


async def count(work: Work, tenant_id: UUID, chat_id: UUID) -> int:
    [row] = await work.rows(_COUNT, tenant_id, chat_id)
    counted: int = row["count"]
    return counted


async def get(work: Work, tenant_id: UUID, chat_id: UUID, user_id: UUID) -> ParticipantView:
    """Raises ChatParticipantNotFound."""
    row = await work.row(f"{_PARTICIPANTS} and p.user_id = $3", tenant_id, chat_id, user_id)
    if row is None:
        raise ChatParticipantNotFound
    return msgspec.convert(row, ParticipantView)


async def find_page(work: Work, tenant_id: UUID, chat_id: UUID, query: ParticipantQuery) -> PageOf[ParticipantView]:
    behind = None if query.cursor is None else decode_cursor(query.cursor, tuple[UUID])[0]
    rows = await work.rows(
        f"{_PARTICIPANTS} and ($3::uuid is null or p.id > $3) order by p.id limit $4 offset $5",
        tenant_id,
        chat_id,
        behind,
        query.size + 1,
        query.offset,
    )
    items = msgspec.convert(rows[: query.size], list[ParticipantView])
    return PageOf(
        items=items,
        total=await count(work, tenant_id, chat_id) if query.include_total else None,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(items[-1].id) if len(rows) > query.size else None,
    )


async def joined_at(work: Work, tenant_id: UUID, user_id: UUID, chat_id: UUID) -> datetime | None:
    row = await work.row(_JOINED_AT, tenant_id, user_id, chat_id)
    return None if row is None else row["joined_at"]


async def mark_read(work: Work, principal: Principal, chat_id: UUID, number: int) -> bool:
    """Whether that is further than they had read. Their participation stays locked, so that marks only rise."""
    return await work.execute(_MARK_READ, principal.tenant_id, principal.user_id, chat_id, number) == 1


_JOIN = """
insert into chat_participants (id, tenant_id, chat_id, user_id, role, last_read_number, joined_at)
select new.id, c.tenant_id, c.id, new.user_id, $3, c.message_count, $4
from unnest($5::uuid[], $6::uuid[]) as new (id, user_id), chats c
where c.tenant_id = $1 and c.id = $2
on conflict (chat_id, user_id) do nothing returning user_id
"""

_JOINED_AT = "select joined_at from chat_participants where tenant_id = $1 and user_id = $2 and chat_id = $3"

_LEAVE = "delete from chat_participants where tenant_id = $1 and chat_id = $2 and user_id = $3"

_LOCK_GROUPS = """
select c.id from chats c join chat_participants p on p.chat_id = c.id
where c.tenant_id = $1 and c.kind <> 'direct' and p.tenant_id = $1 and p.user_id = $2 and p.joined_at <= $3
order by c.id limit $4 for no key update of c
"""

_LEAVE_ALL = "delete from chat_participants where tenant_id = $1 and chat_id = any($2::uuid[]) and user_id = $3"

_LEAVE_PROJECT = """
delete from chat_participants p using chats c
where c.tenant_id = $1 and c.project_id = $2 and p.tenant_id = $1 and p.chat_id = c.id and p.user_id = any($3::uuid[])
returning p.chat_id, p.user_id
"""

_APPOINT = """
update chat_participants set role = 'owner'
where id = (select id from chat_participants where tenant_id = $1 and chat_id = $2 order by id limit 1)
  and not exists (select from chat_participants where tenant_id = $1 and chat_id = $2 and role = 'owner')
"""

_ANYBODY = "select from chat_participants where tenant_id = $1 and chat_id = $2 limit 1"

_COUNT = "select count(*) from chat_participants where tenant_id = $1 and chat_id = $2"

_PARTICIPANTS = f"""
select p.id, p.chat_id, p.user_id, {display_name("p.user_id", "p.tenant_id", "p.joined_at")} as display_name, p.role,
       p.last_read_number, p.joined_at
from chat_participants p
where p.tenant_id = $1 and p.chat_id = $2
"""  # noqa: S608 - made of constants

_MARK_READ = """
update chat_participants set last_read_number = $4
where tenant_id = $1 and user_id = $2 and chat_id = $3 and last_read_number < $4
"""
