"""Every query on messages. Messages are numbered from 1 in their conversation, without gaps.

The number is the place in the list: a page begins at a number, however deep it is, and appending counts nothing.
"""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from conversation_service.conversations import repository as conversations
from conversation_service.conversations.domain import Owner
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.messages.domain import NEWEST, NewMessage
from conversation_service.messages.errors import MessageNotFound
from conversation_service.messages.schemas import MessageQuery, Order
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.conversations import ConversationCounts, MessageRole, MessageState, TokenCountSource
from shared.ids import new_id
from shared.pagination import PageOf, decode_cursor, encode_cursor

_COLUMNS = """
    m.id, m.tenant_id, m.conversation_id, m.user_id, m.role, m.content, m.model, m.parent_id, m.token_count,
    m.token_count_source, m.status, m.usage, m.feedback, m.version, m.created_at, m.updated_at
"""


class ContextMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is told of a message, and what that costs."""

    role: MessageRole
    content: str
    token_count: int
    token_count_source: TokenCountSource
    depth: int


class Span(NamedTuple):
    """The numbers of the messages on a page, lowest first; empty when `last` is less than `first`."""

    first: int
    last: int


class Appended(NamedTuple):
    """A new message, and its conversation with it."""

    message: MessageState
    counts: ConversationCounts


WHOLE = Span(1, 2**31 - 1)


def _insert_after(condition: str, required: str) -> str:
    return f"""
        insert into messages as m (tenant_id, user_id, conversation_id, id, role, content, model, token_count,
                                   token_count_source, status, usage, created_at, updated_at, number, parent_id, depth)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, p.id, coalesce(p.depth, 0) + 1
        from (select) as one left join messages p on p.tenant_id = $1 and p.conversation_id = $3 and {condition}
        {required} returning {_COLUMNS}
        """


_INSERT_AFTER_NEWEST = _insert_after("p.number = $14::int", "")
_INSERT_AFTER_PARENT = _insert_after("p.id = $14::uuid", "where $14::uuid is null or p.id is not null")


async def append(work: Work, owner: Owner, conversation_id: UUID, new: NewMessage, now: datetime) -> Appended:
    """Two statements: the first locks the conversation, so that numbers have no gaps and the second sees the newest.

    Raises ConversationNotFound, or ValidationFailed when the parent is no message of this conversation.
    """
    counted = await work.row(
        f"""
        update conversations c
        set message_count = c.message_count + 1, token_count = c.token_count + $4, updated_at = $5
        where {conversations.MINE} and c.id = $3 returning c.message_count, c.token_count
        """,
        owner.tenant_id,
        owner.user_id,
        conversation_id,
        new.cost.tokens,
        now,
    )
    if counted is None:
        raise ConversationNotFound
    row = await work.row(
        _INSERT_AFTER_NEWEST if new.parent == NEWEST else _INSERT_AFTER_PARENT,
        *_values(owner, conversation_id, new, counted["message_count"], now),
    )
    if row is None:
        raise ValidationFailed([FieldError("parent_id", "not_found", "Name a message of this conversation.")])
    return Appended(msgspec.convert(row, MessageState), ConversationCounts(**counted))


async def get(work: Work, owner: Owner, message_id: UUID, *, locking: str = "") -> MessageState:
    """Raises MessageNotFound."""
    row = await work.row(
        f"""
        select {_COLUMNS} from messages m join conversations c on c.tenant_id = m.tenant_id and c.id = m.conversation_id
        where {conversations.MINE} and m.tenant_id = $1 and m.id = $3 {locking}
        """,
        owner.tenant_id,
        owner.user_id,
        message_id,
    )
    if row is None:
        raise MessageNotFound
    return msgspec.convert(row, MessageState)


async def lock(work: Work, owner: Owner, message_id: UUID) -> MessageState:
    """The same, and nobody else writes it until this transaction ends."""
    return await get(work, owner, message_id, locking="for no key update of m")


async def newest_id(work: Work, owner: Owner, conversation_id: UUID) -> UUID | None:
    """None in an empty conversation."""
    row = await work.row(
        """
        select id from messages where tenant_id = $1 and conversation_id = $2 order by number desc limit 1
        """,
        owner.tenant_id,
        conversation_id,
    )
    return None if row is None else row["id"]


async def set_feedback(
    work: Work, owner: Owner, message_id: UUID, feedback: dict[str, Any], now: datetime
) -> MessageState:
    [row] = await work.rows(
        f"""
        update messages m set feedback = $3, version = m.version + 1, updated_at = $4
        where m.tenant_id = $1 and m.id = $2 returning {_COLUMNS}
        """,
        owner.tenant_id,
        message_id,
        msgspec.json.encode(feedback).decode(),
        now,
    )
    return msgspec.convert(row, MessageState)


async def find_page(work: Work, owner: Owner, conversation_id: UUID, query: MessageQuery) -> PageOf[MessageState]:
    """Raises ConversationNotFound, or ValidationFailed when the branch is no message of this conversation."""
    count = await _count(work, owner, conversation_id)
    if query.branch is not None:
        count = await _depth(work, owner, conversation_id, query.branch)
    span = _span(query, count)
    if query.branch is not None:
        items = await find_path(work, owner, conversation_id, query.branch, span, query.order)
    else:
        rows = await work.rows(
            f"""
            select {_COLUMNS} from messages m
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
        f"select {_COLUMNS} from messages m where m.tenant_id = $1 and m.conversation_id = $2 order by m.number",
        owner.tenant_id,
        conversation_id,
    )
    return msgspec.convert(rows, list[MessageState])


async def find_path(
    work: Work,
    owner: Owner,
    conversation_id: UUID,
    leaf_id: UUID,
    span: Span | None = None,
    order: Order = Order.ASC,
) -> list[MessageState]:
    """The way to a message from the beginning, or the part of it at the depths of `span`."""
    first, last = span or WHOLE
    rows = await work.rows(
        f"""
        with recursive path as (
            select id, parent_id, depth from messages where tenant_id = $1 and conversation_id = $2 and id = $3
            union all
            select m.id, m.parent_id, m.depth from path join messages m on m.id = path.parent_id
            where m.tenant_id = $1 and path.depth > $4
        )
        select {_COLUMNS} from path join messages m using (id)
        where m.tenant_id = $1 and path.depth between $4 and $5 order by path.depth {order}
        """,
        owner.tenant_id,
        conversation_id,
        leaf_id,
        first,
        last,
    )
    return msgspec.convert(rows, list[MessageState])


async def find_context(work: Work, owner: Owner, leaf_id: UUID, token_budget: int) -> list[ContextMessage]:
    """The end of the way to a message that fits into `token_budget`, oldest first; always the message itself."""
    rows = await work.rows(
        """
        with recursive path as (
            select id, parent_id, role, content, token_count, token_count_source, depth, token_count::bigint as used
            from messages where tenant_id = $1 and id = $2
            union all
            select m.id, m.parent_id, m.role, m.content, m.token_count, m.token_count_source, m.depth,
                   path.used + m.token_count
            from path join messages m on m.id = path.parent_id
            where m.tenant_id = $1 and path.used + m.token_count <= $3
        )
        select role, content, token_count, token_count_source, depth from path order by depth
        """,
        owner.tenant_id,
        leaf_id,
        token_budget,
    )
    return msgspec.convert(rows, list[ContextMessage])


async def find_instruction(work: Work, owner: Owner, conversation_id: UUID) -> ContextMessage | None:
    """The system message that opens the conversation, if one does."""
    row = await work.row(
        """
        select role, content, token_count, token_count_source, depth from messages
        where tenant_id = $1 and conversation_id = $2 and number = 1 and role = 'system'
        """,
        owner.tenant_id,
        conversation_id,
    )
    return None if row is None else msgspec.convert(row, ContextMessage)


async def copy(work: Work, owner: Owner, source_id: UUID, target_id: UUID, leaf_id: UUID | None, now: datetime) -> None:
    """Fills an empty conversation with all messages of another one, or with the way to `leaf_id`; counts them."""
    found = await (_ids_of_path(work, owner, leaf_id) if leaf_id else _ids(work, owner, source_id))
    new_ids = {row["id"]: new_id() for row in found}
    await work.execute(
        """
        insert into messages (tenant_id, user_id, conversation_id, id, number, depth, parent_id, role, content, model,
                              token_count, token_count_source, status, usage, created_at, updated_at)
        select $1, $2, $3, copied.id, copied.number, m.depth, copied.parent_id, m.role, m.content, m.model,
               m.token_count, m.token_count_source, m.status, m.usage, m.created_at, $8
        from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::int[]) as copied (source_id, id, parent_id, number)
        join messages m on m.id = copied.source_id and m.tenant_id = $1
        """,
        owner.tenant_id,
        owner.user_id,
        target_id,
        list(new_ids),
        list(new_ids.values()),
        [new_ids.get(row["parent_id"]) for row in found],
        list(range(1, len(found) + 1)),
        now,
    )


def _values(owner: Owner, conversation_id: UUID, new: NewMessage, number: int, now: datetime) -> tuple[object, ...]:
    usage = None if new.usage is None else msgspec.json.encode(new.usage).decode()
    parent = number - 1 if new.parent == NEWEST else new.parent
    return (
        *(owner.tenant_id, owner.user_id, conversation_id, new.id, new.role, new.content, new.model),
        *(new.cost.tokens, new.cost.source, new.status, usage, now, number, parent),
    )


async def _depth(work: Work, owner: Owner, conversation_id: UUID, message_id: UUID) -> int:
    row = await work.row(
        "select depth from messages where tenant_id = $1 and conversation_id = $2 and id = $3",
        owner.tenant_id,
        conversation_id,
        message_id,
    )
    if row is None:
        raise ValidationFailed([FieldError("query.branch", "not_found", "Name a message of this conversation.")])
    depth: int = row["depth"]
    return depth


async def _ids(work: Work, owner: Owner, conversation_id: UUID) -> list[dict[str, Any]]:
    return await work.rows(
        "select id, parent_id from messages where tenant_id = $1 and conversation_id = $2 order by number",
        owner.tenant_id,
        conversation_id,
    )


async def _ids_of_path(work: Work, owner: Owner, leaf_id: UUID) -> list[dict[str, Any]]:
    return await work.rows(
        """
        with recursive path as (
            select id, parent_id, depth from messages where tenant_id = $1 and id = $2
            union all
            select m.id, m.parent_id, m.depth from path join messages m on m.id = path.parent_id
            where m.tenant_id = $1
        )
        select id, parent_id from path order by depth
        """,
        owner.tenant_id,
        leaf_id,
    )


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
