"""Every query on single messages. They are numbered from 1 in their conversation, without gaps."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from conversation_service.conversations import repository as conversations
from conversation_service.conversations.domain import Owner
from conversation_service.conversations.errors import ConversationNotFound
from conversation_service.messages.domain import NEWEST, NewMessage
from conversation_service.messages.errors import MessageNotFound
from conversation_service.storage import repository as storage
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.conversations import ConversationCounts, MessageState

CONTENT = """
    coalesce(m.content, (select h.content from messages h where h.tenant_id = m.tenant_id and h.id = m.content_of))
"""
"""What a message `m` says: its own content, or in a fork that of the message it was made from."""

COLUMNS = f"""
    m.id, m.tenant_id, m.conversation_id, m.user_id, m.role, {CONTENT} as content, m.model, m.parent_id, m.token_count,
    m.token_count_source, m.status, m.usage, m.feedback, m.version, m.created_at, m.updated_at
"""

SIZE = f"octet_length({CONTENT})"
"""Bytes of a message, as far as they count."""


class Appended(NamedTuple):
    """A new message, and its conversation with it."""

    message: MessageState
    counts: ConversationCounts


def _insert_after(condition: str, required: str) -> str:
    return f"""
        insert into messages as m (tenant_id, user_id, conversation_id, id, role, content, model, token_count,
                                   token_count_source, status, usage, created_at, updated_at, number, parent_id, depth)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13, p.id, coalesce(p.depth, 0) + 1
        from (select) as one left join messages p on p.tenant_id = $1 and p.conversation_id = $3 and {condition}
        {required} returning {COLUMNS}
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
        select {COLUMNS} from messages m join conversations c on c.tenant_id = m.tenant_id and c.id = m.conversation_id
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
        where m.tenant_id = $1 and m.id = $2 returning {COLUMNS}
        """,
        owner.tenant_id,
        message_id,
        msgspec.json.encode(feedback).decode(),
        now,
    )
    return msgspec.convert(row, MessageState)


async def remove_all(work: Work, tenant_id: UUID, conversation_ids: Sequence[UUID], *, above: int = 0) -> None:
    """All messages of these conversations behind number `above`, but no content that a fork elsewhere still shows.

    What forks need stays without a conversation, and goes with the last of them. The tenant's storage is locked, so
    that of two deletions the later one sees what the earlier one has left.
    """
    await storage.lock(work, tenant_id)
    await work.execute(_KEEP_FOR_FORKS, tenant_id, conversation_ids, above)
    shown = await work.rows(_REMOVE_ALL, tenant_id, conversation_ids, above)
    if shown:
        await work.execute(_REMOVE_UNUSED, tenant_id, [row["content_of"] for row in shown])


_KEEP_FOR_FORKS = """
update messages m set conversation_id = null, parent_id = null, feedback = null, usage = null
where m.tenant_id = $1 and m.conversation_id = any($2::uuid[]) and m.number > $3 and exists (
    select from messages f
    where f.tenant_id = $1 and f.content_of = m.id and f.conversation_id <> all($2::uuid[])
)
"""

_REMOVE_ALL = """
with removed as (
    delete from messages where tenant_id = $1 and conversation_id = any($2::uuid[]) and number > $3
    returning content_of
)
select distinct r.content_of from removed r join messages h on h.id = r.content_of
where h.tenant_id = $1 and h.conversation_id is null
"""

_REMOVE_UNUSED = """
delete from messages m where m.tenant_id = $1 and m.id = any($2::uuid[]) and m.conversation_id is null
  and not exists (select from messages f where f.tenant_id = $1 and f.content_of = m.id)
"""


def _values(owner: Owner, conversation_id: UUID, new: NewMessage, number: int, now: datetime) -> tuple[object, ...]:
    usage = None if new.usage is None else msgspec.json.encode(new.usage).decode()
    parent = number - 1 if new.parent == NEWEST else new.parent
    return (
        *(owner.tenant_id, owner.user_id, conversation_id, new.id, new.role, new.content, new.model),
        *(new.cost.tokens, new.cost.source, new.status, usage, now, number, parent),
    )
