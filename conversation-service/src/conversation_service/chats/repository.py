"""Every query on chats and who takes part. A chat is seen by its participants and by nobody else."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from conversation_service.chats.errors import ChatExists, ChatNotFound, ChatParticipantNotFound
from conversation_service.chats.schemas import (
    ChatQuery,
    ChatRole,
    ChatView,
    ParticipantQuery,
    ParticipantView,
)
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.chats import ChatKind, ChatState
from shared.ids import new_id
from shared.pagination import PageOf, decode_cursor, encode_cursor, read_sort
from shared.principal import Principal

SORT_COLUMNS = ("created_at", "updated_at")
_COLUMNS = """
    c.id, c.tenant_id, c.kind, c.title, c.project_id, c.created_by, c.message_count, c.version, c.created_at,
    c.updated_at
"""
_VIEW = f"""
    {_COLUMNS}, p.role as my_role, p.last_read_number, c.message_count - p.last_read_number as unread_count,
    array(select o.user_id from chat_participants o where o.chat_id = c.id order by o.id) as participant_ids
"""
_MINE = "p.tenant_id = $1 and p.user_id = $2"
_CHATS = "chat_participants p join chats c on c.tenant_id = p.tenant_id and c.id = p.chat_id"
# Somebody takes part in hundreds of chats, not millions: the filters need no indexes and no statement of their own.
_FILTERED = f"""{_MINE}
    and ($3::text is null or c.kind = $3) and ($4::uuid is null or c.project_id = $4)
    and ($5::boolean is null or (c.message_count > p.last_read_number) = $5)
"""


class Participation(NamedTuple):
    chat_id: UUID
    user_id: UUID


async def can_view(work: Work, tenant_id: UUID, user_id: UUID, chat_id: UUID) -> bool:
    """The one rule about chats, for reading, writing and following alike: they take part."""
    return await work.row(_TAKES_PART, tenant_id, user_id, chat_id) is not None


async def find_page(work: Work, principal: Principal, query: ChatQuery) -> PageOf[ChatView]:
    order = read_sort(query.sort, SORT_COLUMNS)
    filters = (principal.tenant_id, principal.user_id, query.kind, query.project_id, query.unread)
    moment, chat_id = _position(query)
    direction, comparison = ("desc", "<") if order.is_descending else ("asc", ">")
    rows = await work.rows(
        f"""
        select {_VIEW} from {_CHATS} where {_FILTERED}
          and ($6::timestamptz is null or (c.{order.field}, c.id) {comparison} ($6, $7::uuid))
        order by c.{order.field} {direction}, c.id {direction} limit $8 offset $9
        """,
        *filters,
        moment,
        chat_id,
        query.size + 1,
        query.offset,
    )
    items = msgspec.convert(rows[: query.size], list[ChatView])
    has_more = len(rows) > query.size
    return PageOf(
        items=items,
        total=await _count(work, _CHATS, _FILTERED, filters) if query.include_total else None,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(query.sort, getattr(items[-1], order.field), items[-1].id) if has_more else None,
    )


async def latest_ids(work: Work, principal: Principal, limit: int) -> list[UUID]:
    rows = await work.rows(_LATEST, principal.tenant_id, principal.user_id, limit)
    return [row["id"] for row in rows]


async def get(work: Work, principal: Principal, chat_id: UUID) -> ChatView:
    """Raises ChatNotFound."""
    return await _get_one(work, principal, chat_id)


async def lock(work: Work, principal: Principal, chat_id: UUID) -> ChatView:
    """The same, and nobody else changes it or says anything in it until this transaction ends."""
    return await _get_one(work, principal, chat_id, locking="for no key update of c")


async def get_state(work: Work, tenant_id: UUID, chat_id: UUID) -> ChatState:
    """What all who take part see alike. Raises ChatNotFound."""
    row = await work.row(f"select {_COLUMNS} from chats c where c.tenant_id = $1 and c.id = $2", tenant_id, chat_id)
    if row is None:
        raise ChatNotFound
    return msgspec.convert(row, ChatState)


async def project_of(work: Work, tenant_id: UUID, chat_id: UUID) -> UUID | None:
    """None where there is no such project chat."""
    row = await work.row("select project_id from chats where tenant_id = $1 and id = $2", tenant_id, chat_id)
    return None if row is None else row["project_id"]


async def add(
    work: Work,
    principal: Principal,
    kind: ChatKind,
    title: str | None,
    now: datetime,
    *,
    project_id: UUID | None = None,
    direct_key: str | None = None,
) -> UUID:
    """Raises ChatExists where the two people of a direct chat have one."""
    chat_id = new_id()
    values = (chat_id, principal.tenant_id, kind, title, project_id, direct_key, principal.user_id, now)
    if await work.row(_ADD, *values) is None:
        existing = await work.row(_DIRECT, principal.tenant_id, direct_key)
        if existing is None:  # it has been deleted in this moment
            return await add(work, principal, kind, title, now, project_id=project_id, direct_key=direct_key)
        raise ChatExists(existing["id"])
    return chat_id


async def update(work: Work, tenant_id: UUID, chat_id: UUID, changes: Mapping[str, Any], now: datetime) -> None:
    """`changes` maps columns to values."""
    columns = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, start=4))
    await work.execute(
        f"update chats set {columns}, version = version + 1, updated_at = $3 where tenant_id = $1 and id = $2",
        tenant_id,
        chat_id,
        now,
        *changes.values(),
    )


async def remove(work: Work, tenant_id: UUID, chat_id: UUID) -> None:
    """Its messages go with it."""
    await work.execute("delete from chats where tenant_id = $1 and id = $2", tenant_id, chat_id)


async def remove_of_project(work: Work, tenant_id: UUID, project_id: UUID) -> list[ChatState]:
    return msgspec.convert(await work.rows(_REMOVE_OF_PROJECT, tenant_id, project_id), list[ChatState])


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


async def leave_groups(work: Work, tenant_id: UUID, user_id: UUID) -> list[UUID]:
    """Every chat but the direct ones; answers which."""
    rows = await work.rows(_LEAVE_GROUPS, tenant_id, user_id)
    return [row["chat_id"] for row in rows]


async def leave_project(
    work: Work, tenant_id: UUID, project_id: UUID, user_ids: Collection[UUID]
) -> list[Participation]:
    rows = await work.rows(_LEAVE_PROJECT, tenant_id, project_id, list(user_ids))
    return [Participation(row["chat_id"], row["user_id"]) for row in rows]


async def chats_of_project(work: Work, tenant_id: UUID, project_id: UUID) -> list[UUID]:
    rows = await work.rows("select id from chats where tenant_id = $1 and project_id = $2", tenant_id, project_id)
    return [row["id"] for row in rows]


async def keep_owned(work: Work, tenant_id: UUID, chat_id: UUID) -> bool:
    """Whoever has taken part for longest becomes owner of a chat that has none. False where nobody is left."""
    await work.execute(_APPOINT, tenant_id, chat_id)
    return await work.row(_ANYBODY, tenant_id, chat_id) is not None


async def count_participants(work: Work, tenant_id: UUID, chat_id: UUID) -> int:
    return await _count(work, "chat_participants", "tenant_id = $1 and chat_id = $2", (tenant_id, chat_id))


async def get_participant(work: Work, tenant_id: UUID, chat_id: UUID, user_id: UUID) -> ParticipantView:
    """Raises ChatParticipantNotFound."""
    row = await work.row(f"{_PARTICIPANTS} and p.user_id = $3", tenant_id, chat_id, user_id)
    if row is None:
        raise ChatParticipantNotFound
    return msgspec.convert(row, ParticipantView)


async def find_participants(
    work: Work, tenant_id: UUID, chat_id: UUID, query: ParticipantQuery
) -> PageOf[ParticipantView]:
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
        total=await count_participants(work, tenant_id, chat_id) if query.include_total else None,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(items[-1].id) if len(rows) > query.size else None,
    )


async def mark_read(work: Work, principal: Principal, chat_id: UUID, number: int) -> bool:
    """Whether that is further than they had read. Their participation stays locked, so that marks only rise."""
    return await work.execute(_MARK_READ, principal.tenant_id, principal.user_id, chat_id, number) == 1


async def _get_one(work: Work, principal: Principal, chat_id: UUID, locking: str = "") -> ChatView:
    row = await work.row(
        f"select {_VIEW} from {_CHATS} where {_MINE} and p.chat_id = $3 {locking}",
        principal.tenant_id,
        principal.user_id,
        chat_id,
    )
    if row is None:
        raise ChatNotFound
    return msgspec.convert(row, ChatView)


async def _count(work: Work, tables: str, condition: str, arguments: tuple[object, ...]) -> int:
    [row] = await work.rows(f"select count(*) from {tables} where {condition}", *arguments)
    count: int = row["count"]
    return count


def _position(query: ChatQuery) -> tuple[datetime | None, UUID | None]:
    """Behind which chat the page begins."""
    if query.cursor is None:
        return None, None
    sort, moment, chat_id = decode_cursor(query.cursor, tuple[str, datetime, UUID])
    if sort != query.sort:
        raise ValidationFailed([FieldError("query.cursor", "invalid", "This cursor belongs to another order.")])
    return moment, chat_id


_TAKES_PART = "select from chat_participants where tenant_id = $1 and user_id = $2 and chat_id = $3"

_LATEST = f"select c.id from {_CHATS} where {_MINE} order by c.updated_at desc, c.id desc limit $3"

_ADD = """
insert into chats (id, tenant_id, kind, title, project_id, direct_key, created_by, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
on conflict (tenant_id, direct_key) do nothing returning id
"""

_DIRECT = "select id from chats where tenant_id = $1 and direct_key = $2"

_REMOVE_OF_PROJECT = f"delete from chats c where c.tenant_id = $1 and c.project_id = $2 returning {_COLUMNS}"

_JOIN = """
insert into chat_participants (id, tenant_id, chat_id, user_id, role, last_read_number, joined_at)
select new.id, c.tenant_id, c.id, new.user_id, $3, c.message_count, $4
from unnest($5::uuid[], $6::uuid[]) as new (id, user_id), chats c
where c.tenant_id = $1 and c.id = $2
on conflict (chat_id, user_id) do nothing returning user_id
"""

_LEAVE = "delete from chat_participants where tenant_id = $1 and chat_id = $2 and user_id = $3"

_LEAVE_GROUPS = """
delete from chat_participants p using chats c
where p.tenant_id = $1 and p.user_id = $2 and c.tenant_id = $1 and c.id = p.chat_id and c.kind <> 'direct'
returning p.chat_id
"""

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

_PARTICIPANTS = """
select p.id, p.chat_id, p.user_id, who.display_name, p.role, p.last_read_number, p.joined_at
from chat_participants p left join tenant_members who on who.tenant_id = p.tenant_id and who.user_id = p.user_id
where p.tenant_id = $1 and p.chat_id = $2
"""

_MARK_READ = """
update chat_participants set last_read_number = $4
where tenant_id = $1 and user_id = $2 and chat_id = $3 and last_read_number < $4
"""
