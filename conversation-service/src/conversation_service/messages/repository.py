"""Every query on messages. Messages are numbered from 1 in their conversation, without gaps.

The number is the place in the list: a page begins at a number, however deep it is, and appending counts nothing.
"""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from conversation_service.conversations import repository as conversations
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.messages.domain import estimated_tokens
from conversation_service.messages.schemas import AddMessage, MessageQuery, Order
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.conversations import MessageState, TokenCountSource
from shared.ids import new_id
from shared.pagination import PageOf, decode_cursor, encode_cursor
from shared.principal import Principal

_COLUMNS = """
    m.id, m.tenant_id, m.conversation_id, m.user_id, m.role, m.content, m.model, m.parent_id, m.token_count,
    m.token_count_source, m.status, m.usage, m.feedback, m.version, m.created_at, m.updated_at
"""


async def append(
    work: Work, principal: Principal, conversation_id: UUID, new: AddMessage, now: datetime
) -> MessageState:
    """Message and counts in one statement; the conversation stays locked, so that numbers have no gaps.

    Raises ConversationNotFound, or ValidationFailed when the parent is no message of this conversation.
    """
    row = await work.row(
        f"""
        with counted as (
            update conversations c
            set message_count = c.message_count + 1, token_count = c.token_count + $9, updated_at = $11
            where c.tenant_id = $1 and c.user_id = $2 and c.id = $3 and ($8::uuid is null or exists (
                select from messages parent where parent.id = $8 and parent.conversation_id = $3
            ))
            returning c.message_count as number
        )
        insert into messages as m (tenant_id, user_id, conversation_id, id, role, content, model, parent_id,
                                   token_count, token_count_source, created_at, updated_at, number)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, number from counted
        returning {_COLUMNS}
        """,
        principal.tenant_id,
        principal.user_id,
        conversation_id,
        new_id(),
        new.role,
        new.content,
        new.model,
        new.parent_id,
        estimated_tokens(new.content),
        TokenCountSource.ESTIMATE,
        now,
    )
    if row is None:
        await conversations.get(work, principal, conversation_id)
        raise ValidationFailed([FieldError("parent_id", "not_found", "Name a message of this conversation.")])
    return msgspec.convert(row, MessageState)


async def find_page(
    work: Work, principal: Principal, conversation_id: UUID, query: MessageQuery
) -> PageOf[MessageState]:
    """Raises ConversationNotFound."""
    count = await _count(work, principal, conversation_id)
    span = _span(query, count)
    rows = await work.rows(
        f"""
        select {_COLUMNS} from messages m
        where m.tenant_id = $1 and m.conversation_id = $2 and m.number between $3 and $4
        order by m.number {query.order}
        """,
        principal.tenant_id,
        conversation_id,
        span.first,
        span.last,
    )
    return PageOf(
        items=msgspec.convert(rows, list[MessageState]),
        total=count if query.include_total else None,
        page=query.skipped // query.size + 1,
        page_size=query.size,
        next_cursor=_next_cursor(query.order, span, count),
    )


class _Span(NamedTuple):
    """The numbers of the messages on a page, lowest first; empty when `last` is less than `first`."""

    first: int
    last: int


def _span(query: MessageQuery, count: int) -> _Span:
    if query.order is Order.ASC:
        before = query.skipped if query.cursor is None else _position(query.cursor, query.order)
        return _Span(before + 1, min(before + query.size, count))
    last = count - query.skipped if query.cursor is None else _position(query.cursor, query.order) - 1
    return _Span(max(last - query.size + 1, 1), min(last, count))


def _position(cursor: str, order: Order) -> int:
    """The number of the last message of the page before."""
    named, number = decode_cursor(cursor, tuple[Order, int])
    if named is not order:
        raise ValidationFailed([FieldError("query.cursor", "invalid", "This cursor belongs to another order.")])
    return min(max(number, 0), 2**31 - 1_000)


def _next_cursor(order: Order, span: _Span, count: int) -> str | None:
    if order is Order.ASC:
        return encode_cursor(order, span.last) if span.first <= span.last < count else None
    return encode_cursor(order, span.first) if 1 < span.first <= span.last else None


async def _count(work: Work, principal: Principal, conversation_id: UUID) -> int:
    row = await work.row(
        "select message_count from conversations where tenant_id = $1 and user_id = $2 and id = $3",
        principal.tenant_id,
        principal.user_id,
        conversation_id,
    )
    if row is None:
        raise ConversationNotFound
    count: int = row["message_count"]
    return count
