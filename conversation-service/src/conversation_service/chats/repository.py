"""Every query on chats. A chat is seen by those who take part and by nobody else."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from conversation_service import limits
from conversation_service.chats.errors import ChatExists, ChatNotFound
from conversation_service.chats.schemas import (
    ChatQuery,
    ChatView,
)
from shared.db.row_limits import require_within
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
        total=await _count(work, filters) if query.include_total else None,
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


async def lock_all(work: Work, tenant_id: UUID, chat_ids: Sequence[UUID]) -> None:
    """Before messages are written in several chats: chats are locked before the tenant's storage, never behind it."""
    await work.execute(_LOCK_ALL, tenant_id, chat_ids)


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
    """Raises ChatExists where the two people of a direct chat have one, and LimitReached."""
    chat_id = new_id()
    values = (chat_id, principal.tenant_id, kind, title, project_id, direct_key, principal.user_id, now)
    if await work.row(_ADD, *values) is None:
        existing = await work.row(_DIRECT, principal.tenant_id, direct_key)
        if existing is None:  # it has been deleted in this moment
            return await add(work, principal, kind, title, now, project_id=project_id, direct_key=direct_key)
        raise ChatExists(existing["id"])
    await require_within(work, limits.CHATS_OF_USER, _COUNT_OF_USER, principal.tenant_id, principal.user_id)
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


async def chats_of_project(work: Work, tenant_id: UUID, project_id: UUID) -> list[ChatState]:
    """Locked, as `lock_all` does."""
    rows = await work.rows(
        f"""
        select {_COLUMNS} from chats c where c.tenant_id = $1 and c.project_id = $2 order by c.id for no key update
        """,
        tenant_id,
        project_id,
    )
    return msgspec.convert(rows, list[ChatState])


async def set_project_deleted(work: Work, tenant_id: UUID, chat_id: UUID, deleted_at: datetime | None) -> None:
    """Since when the project of a locked chat is deleted: its purge is waited for from then on. None: it is back."""
    await work.execute(
        "update chats set project_deleted_at = $3 where tenant_id = $1 and id = $2", tenant_id, chat_id, deleted_at
    )


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


async def _count(work: Work, filters: tuple[object, ...]) -> int:
    [row] = await work.rows(f"select count(*) from {_CHATS} where {_FILTERED}", *filters)
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

_LOCK_ALL = """
select from chats where tenant_id = $1 and id = any($2::uuid[]) order by id for no key update
"""

_LATEST = f"select c.id from {_CHATS} where {_MINE} order by c.updated_at desc, c.id desc limit $3"

_COUNT_OF_USER = "select count(*) from chats where tenant_id = $1 and created_by = $2"

_ADD = """
insert into chats (id, tenant_id, kind, title, project_id, direct_key, created_by, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
on conflict (tenant_id, direct_key) do nothing returning id
"""

_DIRECT = "select id from chats where tenant_id = $1 and direct_key = $2"
