"""Every query for lists of messages.

The number of a message is its place: a page begins at a number, however deep it is, and nothing is counted.
"""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from uuid import UUID

import msgspec

from conversation_service.conversations import repository as conversations
from conversation_service.conversations.domain import Owner
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.messages import branches
from conversation_service.messages.branches import Span
from conversation_service.messages.repository import COLUMNS
from conversation_service.messages.schemas import MessageQuery, Order
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.conversations import MessageState
from shared.pagination import PageOf, decode_cursor, encode_cursor


async def find_page(work: Work, owner: Owner, conversation_id: UUID, query: MessageQuery) -> PageOf[MessageState]:
    """Raises ConversationNotFound, or ValidationFailed when the branch is no message of this conversation."""
    count = await _count(work, owner, conversation_id)
    if query.branch is not None:
        count = await branches.depth(work, owner, conversation_id, query.branch)
    span = _span(query, count)
    if query.branch is not None:
        items = await branches.find_path(work, owner, conversation_id, query.branch, span, query.order)
    else:
        rows = await work.rows(
            f"""
            select {COLUMNS} from messages m
            where m.tenant_id = $1 and m.conversation_id = $2 and m.number between $3 and $4
            order by m.number {query.order}
            """,
            owner.tenant_id,
            conversation_id,
            *span,
        )
        items = msgspec.convert(rows, list[MessageState])
    return PageOf(
        items=items,
        total=count if query.include_total else None,
        page=query.skipped // query.size + 1,
        page_size=query.size,
        next_cursor=_next_cursor(query.order, span, count),
    )


async def find_all(work: Work, owner: Owner, conversation_id: UUID) -> list[MessageState]:
    rows = await work.rows(
        f"select {COLUMNS} from messages m where m.tenant_id = $1 and m.conversation_id = $2 order by m.number",
        owner.tenant_id,
        conversation_id,
    )
    return msgspec.convert(rows, list[MessageState])


def _span(query: MessageQuery, count: int) -> Span:
    if query.order is Order.ASC:
        before = query.skipped if query.cursor is None else _position(query.cursor, query.order)
        return Span(before + 1, min(before + query.size, count))
    last = count - query.skipped if query.cursor is None else _position(query.cursor, query.order) - 1
    return Span(max(last - query.size + 1, 1), min(last, count))


def _position(cursor: str, order: Order) -> int:
    """The number of the last message of the page before."""
    named, number = decode_cursor(cursor, tuple[Order, int])
    if named is not order:
        raise ValidationFailed([FieldError("query.cursor", "invalid", "This cursor belongs to another order.")])
    return min(max(number, 0), 2**31 - 1_000)


def _next_cursor(order: Order, span: Span, count: int) -> str | None:
    if order is Order.ASC:
        return encode_cursor(order, span.last) if span.first <= span.last < count else None
    return encode_cursor(order, span.first) if 1 < span.first <= span.last else None


async def _count(work: Work, owner: Owner, conversation_id: UUID) -> int:
    row = await work.row(
        f"select c.message_count from conversations c where {conversations.MINE} and c.id = $3",
        owner.tenant_id,
        owner.user_id,
        conversation_id,
    )
    if row is None:
        raise ConversationNotFound
    count: int = row["message_count"]
    return count
