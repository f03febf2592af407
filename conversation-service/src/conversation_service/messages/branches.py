"""Every query that follows a branch: from a message back to the first one, which has no parent."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from conversation_service.conversations.domain import Owner
from conversation_service.llm.tokens import TokenCount
from conversation_service.messages.repository import COLUMNS, CONTENT, SIZE
from conversation_service.numbered_pages import Order
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.conversations import MessageRole, TokenCountSource
from shared.ids import new_id


class ContextMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is told of a message, and what that costs."""

    role: MessageRole
    content: str
    token_count: int
    token_count_source: TokenCountSource
    depth: int

    @property
    def cost(self) -> TokenCount:
        return TokenCount(self.token_count, self.token_count_source)


MAX_CONTEXT_BYTES = 4 * 1024 * 1024
"""Of one question with what comes before it: four bytes a token of the largest models."""


def path_statement(order: Order) -> str:
    """The part of the way to the message `$3` of the conversation `$2` that is at the depths from `$4` to `$5`."""
    return f"""
        with recursive path as (
            select id, parent_id, depth from messages where tenant_id = $1 and conversation_id = $2 and id = $3
            union all
            select m.id, m.parent_id, m.depth from path join messages m on m.id = path.parent_id
            where m.tenant_id = $1 and path.depth > $4
        )
        select {COLUMNS}, {SIZE} as bytes from path join messages m using (id)
        where m.tenant_id = $1 and path.depth between $4 and $5 order by path.depth {order}
    """


async def find_context(work: Work, owner: Owner, leaf_id: UUID, token_budget: int) -> list[ContextMessage]:
    """The end of the way to a message that fits into `token_budget`, oldest first; always the message itself.

    Providers may count no tokens for a long text: bytes are bounded, too.
    """
    rows = await work.rows(
        f"""
        with recursive path as (
            select m.id, m.parent_id, m.depth, m.token_count::bigint as tokens, octet_length({CONTENT}) as bytes
            from messages m where m.tenant_id = $1 and m.id = $2
            union all
            select m.id, m.parent_id, m.depth, path.tokens + m.token_count, path.bytes + octet_length({CONTENT})
            from path join messages m on m.id = path.parent_id
            where m.tenant_id = $1 and path.tokens + m.token_count <= $3
              and path.bytes + octet_length({CONTENT}) <= $4
        )
        select m.role, {CONTENT} as content, m.token_count, m.token_count_source, m.depth
        from path join messages m using (id) where m.tenant_id = $1 order by m.depth
        """,
        owner.tenant_id,
        leaf_id,
        token_budget,
        MAX_CONTEXT_BYTES,
    )
    return msgspec.convert(rows, list[ContextMessage])


async def find_instruction(work: Work, owner: Owner, conversation_id: UUID) -> ContextMessage | None:
    """The system message that opens the conversation, if one does."""
    row = await work.row(
        f"""
        select m.role, {CONTENT} as content, m.token_count, m.token_count_source, m.depth from messages m
        where m.tenant_id = $1 and m.conversation_id = $2 and m.number = 1 and m.role = 'system'
        """,
        owner.tenant_id,
        conversation_id,
    )
    return None if row is None else msgspec.convert(row, ContextMessage)


async def copy(work: Work, owner: Owner, source_id: UUID, target_id: UUID, leaf_id: UUID | None, now: datetime) -> None:
    """Fills an empty conversation with all messages of another one, or with the way to `leaf_id`.

    Contents are not copied: each new message names the one that has it, which may be that of an earlier fork.
    """
    found = await (_ids_of_path(work, owner, leaf_id) if leaf_id else _ids(work, owner, source_id))
    new_ids = {row["id"]: new_id() for row in found}
    await work.execute(
        """
        insert into messages (tenant_id, user_id, conversation_id, id, number, depth, parent_id, role, content_of,
                              model, token_count, token_count_source, status, usage, created_at, updated_at)
        select $1, $2, $3, copied.id, copied.number, m.depth, copied.parent_id, m.role, coalesce(m.content_of, m.id),
               m.model, m.token_count, m.token_count_source, m.status, m.usage, m.created_at, $8
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


async def depth(work: Work, owner: Owner, conversation_id: UUID, message_id: UUID) -> int:
    row = await work.row(
        "select depth from messages where tenant_id = $1 and conversation_id = $2 and id = $3",
        owner.tenant_id,
        conversation_id,
        message_id,
    )
    if row is None:
        raise ValidationFailed([FieldError("query.branch", "not_found", "Name a message of this conversation.")])
    found: int = row["depth"]
    return found


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
