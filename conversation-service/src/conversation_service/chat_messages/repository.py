"""Every query on messages in chats. They are numbered from 1 in their chat, without gaps.

The number is the place in the list: a page begins at a number, however deep it is. What is unread is what is numbered
higher than the last one read, so that sending counts nothing and writes three rows in any chat.
"""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from conversation_service.chat_messages.domain import MAX_EMOJIS, joined_text, left_text
from conversation_service.chat_messages.errors import ChatMessageNotFound, TooManyReactions
from conversation_service.chat_messages.schemas import SendChatMessage
from conversation_service.chats.errors import ChatNotFound
from conversation_service.numbered_pages import BoundedStatement, NumberedQuery, Span, page_of, read_span
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.authors import FORMER_MEMBER
from shared.events.chats import ChatMessageState
from shared.ids import new_id
from shared.members.authors import author_column, display_name
from shared.pagination import PageOf, within_page_bytes
from shared.principal import Principal

_STORED = """
    m.id, m.tenant_id, m.chat_id, m.number, m.author_id, m.about_user_id, m.type, m.content, m.reply_to, m.edited_at,
    m.is_deleted, m.version, m.created_at, m.updated_at
"""
# Ids rise with time: an emoji stands where it was first used, and people in the order in which they used it.
_AUTHOR = author_column("m.author_id", "m.tenant_id", "m.created_at")
_COLUMNS = f"""{_STORED}, {_AUTHOR}, coalesce((
    select jsonb_agg(jsonb_build_object('emoji', used.emoji, 'user_ids', used.user_ids) order by used.first)
    from (
        select r.emoji, array_agg(r.user_id order by r.id) as user_ids, min(r.id::text) as first
        from chat_reactions r where r.message_id = m.id group by r.emoji
    ) used
), '[]') as reactions"""

_SIZED = f"""
    select {_STORED}, octet_length(m.content)
           + 40 * (select count(*) from chat_reactions r where r.message_id = m.id) as bytes
    from chat_messages m where m.tenant_id = $1 and m.chat_id = $2 and m.number between $3 and $4
"""


class Naming(NamedTuple):
    """A message of the server that names somebody."""

    id: UUID
    chat_id: UUID


async def send(
    work: Work, principal: Principal, chat_id: UUID, new: SendChatMessage, now: datetime
) -> ChatMessageState:
    """Whoever says something has read what was said before. The chat stays locked, so that numbers have no gaps.

    Raises ChatNotFound, or ValidationFailed when what it replies to is no message of this chat.
    """
    row = await work.row(
        _SEND,
        principal.tenant_id,
        principal.user_id,
        chat_id,
        new_id(),
        new.type,
        new.content,
        new.reply_to,
        now,
    )
    if row is not None:
        return msgspec.convert(row, ChatMessageState)
    if new.reply_to is None:
        raise ChatNotFound
    raise ValidationFailed([FieldError("reply_to", "not_found", "Name a message of this chat.")])


async def announce(
    work: Work, tenant_id: UUID, chat_id: UUID, about_user_id: UUID, *, has_joined: bool, now: datetime
) -> ChatMessageState | None:
    """The server's own words about somebody. None where the chat is gone."""
    names = await work.row(_NAME, tenant_id, about_user_id)
    name = None if names is None else names["name"]
    text = joined_text(name) if has_joined else left_text(name)
    row = await work.row(_ANNOUNCE, tenant_id, chat_id, new_id(), about_user_id, text, now)
    return None if row is None else msgspec.convert(row, ChatMessageState)


async def find_naming(work: Work, tenant_id: UUID, about_user_id: UUID, until: datetime, at_most: int) -> list[Naming]:
    """The server's own words until then that name somebody; there may be more."""
    rows = await work.rows(_NAMING, tenant_id, about_user_id, *_NAMELESS, until, at_most)
    return [Naming(**row) for row in rows]


async def forget_name(
    work: Work, tenant_id: UUID, message_ids: Sequence[UUID], now: datetime
) -> list[ChatMessageState]:
    """The server's words about somebody who has left name them no more; as they are then. Their chats are locked."""
    await work.execute(_FORGET_NAME, tenant_id, message_ids, *_NAMELESS, now)
    changed = await work.rows(_GET_MANY, tenant_id, message_ids)
    return msgspec.convert(changed, list[ChatMessageState])


async def get(work: Work, tenant_id: UUID, chat_id: UUID, message_id: UUID) -> ChatMessageState:
    """Raises ChatMessageNotFound."""
    return await _get_one(work, tenant_id, chat_id, message_id)


async def lock(work: Work, tenant_id: UUID, chat_id: UUID, message_id: UUID) -> ChatMessageState:
    """The same, and nobody else writes it until this transaction ends. Its reactions are as they are from now on."""
    if not await work.execute(_LOCK, tenant_id, chat_id, message_id):
        raise ChatMessageNotFound
    return await _get_one(work, tenant_id, chat_id, message_id)


async def number_of(work: Work, tenant_id: UUID, chat_id: UUID, message_id: UUID) -> int | None:
    """Of a deleted one too: its place is there. None where there is no such message in this chat."""
    row = await work.row(_NUMBER, tenant_id, chat_id, message_id)
    return None if row is None else row["number"]


async def edit(work: Work, message: ChatMessageState, content: str, now: datetime) -> ChatMessageState:
    await work.execute(_EDIT, message.tenant_id, message.id, content, now)
    return await _get_one(work, message.tenant_id, message.chat_id, message.id)


async def remove(work: Work, message: ChatMessageState, now: datetime) -> None:
    """What was said is gone, and what people thought of it; the place stays."""
    await work.execute(_REMOVE, message.tenant_id, message.id, now)
    await work.execute("delete from chat_reactions where tenant_id = $1 and message_id = $2", *_key(message))


async def react(work: Work, message: ChatMessageState, user_id: UUID, emoji: str, now: datetime) -> ChatMessageState:
    """The message as it is then: the same where they had reacted so. Raises TooManyReactions."""
    used = {reaction.emoji for reaction in message.reactions}
    if emoji not in used and len(used) >= MAX_EMOJIS:
        raise TooManyReactions
    if not await work.execute(_REACT, *_key(message), user_id, emoji, new_id()):
        return message
    return await _touch(work, message, now)


async def unreact(work: Work, message: ChatMessageState, user_id: UUID, emoji: str, now: datetime) -> ChatMessageState:
    """The message as it is then: the same where they had not reacted so."""
    if not await work.execute(_UNREACT, *_key(message), user_id, emoji):
        return message
    return await _touch(work, message, now)


async def find_page(
    work: Work, tenant_id: UUID, chat_id: UUID, count: int, query: NumberedQuery
) -> PageOf[ChatMessageState]:
    """`count` is the number of the chat's last message. Raises PageTooLarge."""
    bounded = within_page_bytes(f"{_SIZED} order by m.number {query.order}")
    statement = f"select {_COLUMNS}, m.found from ({bounded}) m order by m.number {query.order}"

    def statement_of(span: Span) -> BoundedStatement:
        return BoundedStatement(statement, (tenant_id, chat_id, *span))

    rows, span = await read_span(work, query, count, statement_of)
    return page_of(msgspec.convert(rows, list[ChatMessageState]), query, span, count)


def _key(message: ChatMessageState) -> tuple[UUID, UUID]:
    return message.tenant_id, message.id


async def _get_one(work: Work, tenant_id: UUID, chat_id: UUID, message_id: UUID) -> ChatMessageState:
    row = await work.row(_GET, tenant_id, chat_id, message_id)
    if row is None:
        raise ChatMessageNotFound
    return msgspec.convert(row, ChatMessageState)


async def _touch(work: Work, message: ChatMessageState, now: datetime) -> ChatMessageState:
    await work.execute(_TOUCH, *_key(message), now)
    return await _get_one(work, message.tenant_id, message.chat_id, message.id)


_SEND = f"""
with counted as (
    update chats c set message_count = c.message_count + 1, updated_at = $8
    where c.tenant_id = $1 and c.id = $3
      and exists (select from chat_participants p where p.tenant_id = $1 and p.user_id = $2 and p.chat_id = $3)
      and ($7::uuid is null or exists (
          select from chat_messages other
          where other.tenant_id = $1 and other.id = $7 and other.chat_id = $3 and not other.is_deleted
      ))
    returning c.message_count as number
), marked as (
    update chat_participants p set last_read_number = counted.number from counted
    where p.tenant_id = $1 and p.user_id = $2 and p.chat_id = $3
)
insert into chat_messages as m (tenant_id, author_id, chat_id, id, type, content, reply_to, created_at, updated_at,
                                number)
select $1, $2, $3, $4, $5, $6, $7, $8, $8, number from counted returning {_STORED}, {_AUTHOR}
"""

_ANNOUNCE = f"""
with counted as (
    update chats c set message_count = c.message_count + 1, updated_at = $6 where c.tenant_id = $1 and c.id = $2
    returning c.message_count as number
)
insert into chat_messages as m (tenant_id, chat_id, id, about_user_id, type, content, created_at, updated_at, number)
select $1, $2, $3, $4, 'system', $5, $6, $6, number from counted returning {_STORED}, {_AUTHOR}
"""

_NAME = f"select {display_name('$2', '$1', 'now()')} as name"

_NAMELESS = (joined_text(FORMER_MEMBER), left_text(FORMER_MEMBER))

_NAMING = """
select id, chat_id from chat_messages
where tenant_id = $1 and about_user_id = $2 and type = 'system' and not is_deleted and content not in ($3, $4)
  and created_at <= $5
limit $6
"""

_FORGET_NAME = """
update chat_messages set content = case when content like '% joined the chat.' then $3 else $4 end,
                         version = version + 1, updated_at = $5
where tenant_id = $1 and id = any($2::uuid[]) and not is_deleted
"""

_GET_MANY = f"""
select {_COLUMNS} from chat_messages m where m.tenant_id = $1 and m.id = any($2::uuid[]) order by m.chat_id, m.number
"""

_GET = f"""
select {_COLUMNS} from chat_messages m
where m.tenant_id = $1 and m.chat_id = $2 and m.id = $3 and not m.is_deleted
"""

_LOCK = """
select from chat_messages where tenant_id = $1 and chat_id = $2 and id = $3 and not is_deleted for no key update
"""

_NUMBER = "select number from chat_messages where tenant_id = $1 and chat_id = $2 and id = $3"

_EDIT = """
update chat_messages set content = $3, edited_at = $4, version = version + 1, updated_at = $4
where tenant_id = $1 and id = $2
"""

_REMOVE = """
update chat_messages set content = '', is_deleted = true, version = version + 1, updated_at = $3
where tenant_id = $1 and id = $2
"""

_TOUCH = "update chat_messages set version = version + 1, updated_at = $3 where tenant_id = $1 and id = $2"

_REACT = """
insert into chat_reactions (tenant_id, message_id, user_id, emoji, id) values ($1, $2, $3, $4, $5)
on conflict (message_id, user_id, emoji) do nothing
"""

_UNREACT = "delete from chat_reactions where tenant_id = $1 and message_id = $2 and user_id = $3 and emoji = $4"
