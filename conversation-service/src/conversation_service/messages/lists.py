"""Every query for lists of messages."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from uuid import UUID

import msgspec

from conversation_service.conversations import repository as conversations
from conversation_service.conversations.domain import Owner
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.messages import branches
from conversation_service.messages.repository import COLUMNS
from conversation_service.messages.schemas import MessageQuery
from conversation_service.numbered_pages import page_of, span_of
from shared.db.unit_of_work import Work
from shared.events.conversations import MessageState
from shared.pagination import PageOf


async def find_page(work: Work, owner: Owner, conversation_id: UUID, query: MessageQuery) -> PageOf[MessageState]:
    """Raises ConversationNotFound, or ValidationFailed when the branch is no message of this conversation."""
    count = await _count(work, owner, conversation_id)
    if query.branch is not None:
        count = await branches.depth(work, owner, conversation_id, query.branch)
    span = span_of(query, count)
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
    return page_of(items, query, span, count)


async def find_all(work: Work, owner: Owner, conversation_id: UUID) -> list[MessageState]:
    rows = await work.rows(
        f"select {COLUMNS} from messages m where m.tenant_id = $1 and m.conversation_id = $2 order by m.number",
        owner.tenant_id,
        conversation_id,
    )
    return msgspec.convert(rows, list[MessageState])


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
