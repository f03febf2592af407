"""Every query for lists of messages."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from typing import Any
from uuid import UUID

import msgspec

from conversation_service.conversations import repository as conversations
from conversation_service.conversations.domain import Owner
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.messages import branches
from conversation_service.messages.repository import COLUMNS, SIZE
from conversation_service.messages.schemas import MessageQuery
from conversation_service.numbered_pages import BoundedStatement, Order, Span, page_of, read_span
from shared.db.unit_of_work import Work
from shared.events.conversations import MessageState
from shared.pagination import PageOf, within_page_bytes


async def find_page(work: Work, owner: Owner, conversation_id: UUID, query: MessageQuery) -> PageOf[MessageState]:
    """Raises ConversationNotFound, PageTooLarge, or ValidationFailed when the branch is none of this conversation."""
    count = await _count(work, owner, conversation_id)
    if query.branch is not None:
        count = await branches.depth(work, owner, conversation_id, query.branch)

    def statement_of(span: Span) -> BoundedStatement:
        return _bounded(owner, conversation_id, query.branch, span, query.order)

    rows, span = await read_span(work, query, count, statement_of)
    return page_of(msgspec.convert(rows, list[MessageState]), query, span, count)


async def rows_of_span(
    work: Work, owner: Owner, conversation_id: UUID, branch: UUID | None, span: Span, order: Order
) -> list[dict[str, Any]]:
    """Of the whole conversation or of one branch, as many as fit into one answer."""
    statement = _bounded(owner, conversation_id, branch, span, order)
    return await work.rows(statement.sql, *statement.arguments)


def _bounded(owner: Owner, conversation_id: UUID, branch: UUID | None, span: Span, order: Order) -> BoundedStatement:
    if branch is not None:
        statement = within_page_bytes(branches.path_statement(order))
        return BoundedStatement(statement, (owner.tenant_id, conversation_id, branch, *span))
    statement = within_page_bytes(
        f"""
        select {COLUMNS}, {SIZE} as bytes from messages m
        where m.tenant_id = $1 and m.conversation_id = $2 and m.number between $3 and $4
        order by m.number {order}
        """
    )
    return BoundedStatement(statement, (owner.tenant_id, conversation_id, *span))


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
