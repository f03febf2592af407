"""Every query on conversations. A conversation is seen by the user it belongs to and by nobody else."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from conversation_service import limits
from conversation_service.conversations.domain import distinct_tags
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.conversations.schemas import ConversationQuery, CreateConversation
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.conversations import ConversationState
from shared.ids import new_id
from shared.pagination import PageOf, decode_cursor, encode_cursor, read_sort
from shared.principal import Principal

SORT_COLUMNS = ("created_at", "updated_at")
_COLUMNS = """
    c.id, c.tenant_id, c.user_id, c.workspace_session_id, c.project_id, c.title, c.description, c.ai_provider,
    c.model, c.status, c.message_count, c.token_count, c.tags, c.related_conversations, c.summary, c.expires_at,
    c.version, c.created_at, c.updated_at
"""
MINE = "c.tenant_id = $1 and c.user_id = $2 and (c.expires_at is null or c.expires_at > now())"
"""Condition on a conversation `c`: a temporary one is gone at its hour, whenever its row goes."""

_COUNT_OF_USER = "select count(*) from conversations where tenant_id = $1 and user_id = $2"

# A user has hundreds of conversations, not millions: the filters need no indexes and no statement of their own.
_FILTERED = f"""{MINE}
    and ($3::text is null or c.status = $3) and ($4::uuid is null or c.project_id = $4)
    and ($5::uuid is null or c.workspace_session_id = $5) and ($6::text is null or $6 = any(c.tags))
    and ($7::text is null or position(lower($7) in lower(c.title)) > 0)
"""


async def find_page(work: Work, principal: Principal, query: ConversationQuery) -> PageOf[ConversationState]:
    order = read_sort(query.sort, SORT_COLUMNS)
    filters = _filters(principal, query)
    behind = _position(query)
    direction, comparison = ("desc", "<") if order.is_descending else ("asc", ">")
    rows = await work.rows(
        f"""
        select {_COLUMNS} from conversations c where {_FILTERED}
          and ($8::timestamptz is null or (c.{order.field}, c.id) {comparison} ($8, $9::uuid))
        order by c.{order.field} {direction}, c.id {direction} limit $10 offset $11
        """,
        *filters,
        *behind,
        query.size + 1,
        query.offset,
    )
    total = await _count(work, filters) if query.include_total else None
    items = msgspec.convert(rows[: query.size], list[ConversationState])
    return PageOf(
        items=items,
        total=total,
        page=query.page,
        page_size=query.size,
        next_cursor=_cursor(query.sort, order.field, items[-1]) if len(rows) > query.size else None,
    )


async def get(work: Work, principal: Principal, conversation_id: UUID) -> ConversationState:
    """Raises ConversationNotFound."""
    return await _get_one(work, principal, conversation_id)


async def lock(work: Work, principal: Principal, conversation_id: UUID) -> ConversationState:
    """The same, and nobody else writes it until this transaction ends."""
    return await _get_one(work, principal, conversation_id, locking="for no key update")


async def exists(work: Work, principal: Principal, conversation_id: UUID) -> bool:
    row = await work.row(
        f"select from conversations c where {MINE} and c.id = $3",
        principal.tenant_id,
        principal.user_id,
        conversation_id,
    )
    return row is not None


async def add(
    work: Work, principal: Principal, new: CreateConversation, now: datetime, expires_at: datetime | None = None
) -> ConversationState:
    [row] = await work.rows(
        f"""
        insert into conversations as c (
            id, tenant_id, user_id, workspace_session_id, project_id, title, description, ai_provider, model, tags,
            created_at, updated_at, expires_at
        ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12) returning {_COLUMNS}
        """,
        new_id(),
        principal.tenant_id,
        principal.user_id,
        new.workspace_session_id,
        new.project_id,
        new.title,
        new.description,
        new.ai_provider,
        new.model,
        distinct_tags(new.tags),
        now,
        expires_at,
    )
    await _require_room(work, principal)
    return msgspec.convert(row, ConversationState)


async def _require_room(work: Work, principal: Principal) -> None:
    """After one was added. Raises LimitReached."""
    await require_within(work, limits.CONVERSATIONS_OF_USER, _COUNT_OF_USER, principal.tenant_id, principal.user_id)


async def add_fork(work: Work, principal: Principal, source: ConversationState, now: datetime) -> ConversationState:
    """Like its source, to which it is related, and without messages yet."""
    [row] = await work.rows(
        f"""
        insert into conversations as c (
            id, tenant_id, user_id, workspace_session_id, project_id, title, description, ai_provider, model, tags,
            related_conversations, expires_at, created_at, updated_at
        )
        select $4, c.tenant_id, c.user_id, c.workspace_session_id, c.project_id, c.title, c.description, c.ai_provider,
               c.model, c.tags, array[c.id], c.expires_at, $5, $5
        from conversations c where {MINE} and c.id = $3 returning {_COLUMNS}
        """,
        principal.tenant_id,
        principal.user_id,
        source.id,
        new_id(),
        now,
    )
    await _require_room(work, principal)
    return msgspec.convert(row, ConversationState)


async def count_messages(work: Work, principal: Principal, conversation_id: UUID) -> ConversationState:
    """After many were added at once."""
    [row] = await work.rows(
        f"""
        update conversations c set message_count = m.count, token_count = m.tokens
        from (select count(*)::int as count, coalesce(sum(token_count), 0)::bigint as tokens
              from messages where tenant_id = $1 and conversation_id = $3) m
        where {MINE} and c.id = $3 returning {_COLUMNS}
        """,
        principal.tenant_id,
        principal.user_id,
        conversation_id,
    )
    return msgspec.convert(row, ConversationState)


async def mark_deleted(work: Work, tenant_id: UUID, conversation_id: UUID) -> None:
    """Nobody sees it from now on, and nothing writes to it; retention deletes its rows."""
    await work.execute(
        "delete from runs where tenant_id = $1 and conversation_id = $2 and status = 'running'",
        tenant_id,
        conversation_id,
    )
    await work.execute(
        "update conversations set expires_at = created_at where tenant_id = $1 and id = $2", tenant_id, conversation_id
    )


async def expire_all_of(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    """Nobody sees them from now on; retention deletes them, with their messages, and notifies."""
    await work.execute(
        """
        update conversations set expires_at = now()
        where tenant_id = $1 and user_id = $2 and (expires_at is null or expires_at > now())
        """,
        tenant_id,
        user_id,
    )


async def lock_expired(work: Work, limit: int) -> list[dict[str, Any]]:
    """In system work: conversations of one tenant that are over, first those that have been for longest.

    The tenant is drawn, so that one with many of them does not keep the others waiting.
    """
    return await work.rows(
        """
        select id, tenant_id, version, message_count, expires_at <= created_at as is_marked_deleted
        from conversations where expires_at <= now() and tenant_id = (
            select tenant_id from (select distinct tenant_id from conversations where expires_at <= now()) due
            order by random() limit 1
        )
        order by expires_at, id limit $1 for update skip locked
        """,
        limit,
    )


async def set_message_count(work: Work, tenant_id: UUID, conversation_id: UUID, count: int) -> None:
    await work.execute(
        "update conversations set message_count = $3 where tenant_id = $1 and id = $2",
        tenant_id,
        conversation_id,
        count,
    )


async def remove_all(work: Work, tenant_id: UUID, conversation_ids: Sequence[UUID]) -> None:
    """Their messages are deleted before."""
    await work.execute(
        "delete from conversations where tenant_id = $1 and id = any($2::uuid[])", tenant_id, conversation_ids
    )


async def update(
    work: Work, principal: Principal, conversation_id: UUID, changes: Mapping[str, Any], now: datetime
) -> ConversationState:
    """`changes` maps columns to values."""
    columns = ", ".join(f"{column} = ${number}" for number, column in enumerate(changes, start=5))
    [row] = await work.rows(
        f"""
        update conversations c set {columns}, version = c.version + 1, updated_at = $4
        where {MINE} and c.id = $3 returning {_COLUMNS}
        """,
        principal.tenant_id,
        principal.user_id,
        conversation_id,
        now,
        *changes.values(),
    )
    return msgspec.convert(row, ConversationState)


async def _get_one(work: Work, principal: Principal, conversation_id: UUID, locking: str = "") -> ConversationState:
    row = await work.row(
        f"select {_COLUMNS} from conversations c where {MINE} and c.id = $3 {locking}",
        principal.tenant_id,
        principal.user_id,
        conversation_id,
    )
    if row is None:
        raise ConversationNotFound
    return msgspec.convert(row, ConversationState)


async def _count(work: Work, filters: tuple[object, ...]) -> int:
    [row] = await work.rows(f"select count(*) from conversations c where {_FILTERED}", *filters)
    count: int = row["count"]
    return count


def _filters(principal: Principal, query: ConversationQuery) -> tuple[object, ...]:
    chosen = (query.status, query.project_id, query.workspace_session_id, query.tag, query.q)
    return (principal.tenant_id, principal.user_id, *chosen)


def _cursor(sort: str, field: str, last: ConversationState) -> str:
    return encode_cursor(sort, getattr(last, field), last.id)


def _position(query: ConversationQuery) -> tuple[datetime | None, UUID | None]:
    """Behind which conversation the page begins."""
    if query.cursor is None:
        return None, None
    sort, moment, conversation_id = decode_cursor(query.cursor, tuple[str, datetime, UUID])
    if sort != query.sort:
        raise ValidationFailed([FieldError("query.cursor", "invalid", "This cursor belongs to another order.")])
    return moment, conversation_id
