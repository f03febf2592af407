"""Every query on comments and their stars. Whoever calls has made sure that what they are about may be seen."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from project_service import limits
from project_service.comments.errors import CommentNotFound
from project_service.comments.schemas import CommentQuery, CommentsAboutQuery, CommentView, CreateComment
from project_service.listing import Arguments, SortKey, fetch_page, page_of
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.events.projects import Commented, CommentState
from shared.events.topics import comments_topic
from shared.ids import new_id
from shared.members.authors import author_column
from shared.messaging.redaction import redact_topics
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {"created_at": SortKey("created_at", datetime)}
_COLUMNS = f"""
    c.id, c.tenant_id, c.project_id, c.entity_type, c.entity_id, c.parent_id, c.author_id, c.body,
    c.mentioned_user_ids, c.edits, c.edited_at, c.is_deleted, c.version, c.created_at, c.updated_at,
    {author_column("c.author_id", "c.tenant_id", "c.created_at")}
"""


async def find_page(
    work: Work,
    principal: Principal,
    query: CommentQuery | CommentsAboutQuery,
    *,
    project_id: UUID | None = None,
    hears_others: bool = True,
) -> PageOf[CommentView]:
    """Who does not hear others sees their own comments, and not the places of those that are gone."""
    arguments = Arguments([principal.tenant_id, project_id, principal.user_id])
    only_own = "" if hears_others else "and c.author_id = $3 and not c.is_deleted"
    rows, total = await fetch_page(
        work,
        query,
        query.sort,
        SORT_KEYS,
        "c",
        columns=f"{_COLUMNS}, s.user_id is not null as is_starred",
        tables="comments c left join comment_stars s on s.comment_id = c.id and s.user_id = $3",
        condition=f"c.tenant_id = $1 and c.project_id is not distinct from $2 {only_own} {_filters(query, arguments)}",
        size="octet_length(c.body)",
        arguments=arguments,
    )
    return page_of(query, query.sort, rows, msgspec.convert(rows, list[CommentView]), total)


async def add(
    work: Work,
    principal: Principal,
    project_id: UUID | None,
    new: CreateComment,
    mentioned: Collection[UUID],
    now: datetime,
) -> CommentView:
    about = (project_id, new.entity_type, new.entity_id, new.parent_id)
    row = await work.row(_ADD, new_id(), principal.tenant_id, *about, principal.user_id, new.body, list(mentioned), now)
    of_thing = limits.COMMENTS_OF_PLANNED if project_id is None else limits.COMMENTS_OF_THING
    await require_within(work, of_thing, _COUNT_ABOUT, new.entity_id, new.entity_type)
    if project_id is not None:
        await require_within(work, limits.COMMENTS_OF_PROJECT, _COUNT_IN_PROJECT, project_id)
    return msgspec.convert(row, CommentView)


async def author_about(
    work: Work, tenant_id: UUID, comment_id: UUID, entity_type: Commented, entity_id: UUID
) -> UUID | None:
    """Of a comment to reply to, which is not taken away before this transaction ends; None if there is none."""
    row = await work.row(_AUTHOR_ABOUT, tenant_id, comment_id, entity_type, entity_id)
    return None if row is None else row["author_id"]


async def author_of(work: Work, tenant_id: UUID, comment_id: UUID) -> UUID | None:
    row = await work.row("select author_id from comments where tenant_id = $1 and id = $2", tenant_id, comment_id)
    return None if row is None else row["author_id"]


async def lock(work: Work, principal: Principal, comment_id: UUID) -> CommentView:
    """A comment with something in it, which nobody else writes until this transaction ends. Raises CommentNotFound."""
    row = await work.row(_LOCK, principal.tenant_id, comment_id, principal.user_id)
    if row is None:
        raise CommentNotFound
    return msgspec.convert(row, CommentView)


async def edit(work: Work, before: CommentView, body: str, mentioned: Collection[UUID], now: datetime) -> CommentView:
    """What it said before is kept, of the last edits."""
    await work.execute(_KEEP_FORMER, new_id(), before.tenant_id, before.id, before.body, now)
    await work.execute(_DELETE_OLDEST, before.tenant_id, before.id, limits.EDITS_KEPT)
    row = await work.row(_EDIT, before.tenant_id, before.id, body, list(mentioned), now, before.is_starred)
    return msgspec.convert(row, CommentView)


async def remove(work: Work, comment: CommentState, now: datetime) -> bool:
    """True when it has replies: then its place stays, without anything that it said."""
    if await work.execute(_REMOVE_WITHOUT_REPLIES, comment.tenant_id, comment.id):
        return False
    await work.execute(_EMPTY, comment.tenant_id, comment.id, now)
    await work.execute("delete from comment_edits where tenant_id = $1 and comment_id = $2", *_key(comment))
    await work.execute("delete from comment_stars where tenant_id = $1 and comment_id = $2", *_key(comment))
    return True


async def remove_about(work: Work, tenant_id: UUID, entity_type: Commented, entity_id: UUID) -> int:
    """With the thing that they are about; returns how many they were."""
    sql = "delete from comments where tenant_id = $1 and entity_type = $2 and entity_id = $3"
    return await work.execute(sql, tenant_id, entity_type, entity_id)


async def remove_about_gone_files(work: Work, tenant_id: UUID, project_id: UUID) -> None:
    """Those that the project has no more."""
    removed = await work.rows(_REMOVE_ABOUT_GONE_FILES, tenant_id, project_id, Commented.FILE)
    redact_topics(work, tenant_id, {comments_topic(Commented.FILE, row["entity_id"]) for row in removed})


async def said_to_others(
    work: Work, tenant_id: UUID, user_id: UUID, entity_ids: Collection[UUID]
) -> list[CommentState]:
    """What is said about these things, oldest first, that who does not hear others does not see."""
    rows = await work.rows(
        f"""
        select {_COLUMNS} from comments c where c.tenant_id = $1 and c.entity_id = any($2::uuid[])
        and (c.author_id is distinct from $3 or c.is_deleted) order by c.created_at, c.id
        """,
        tenant_id,
        list(entity_ids),
        user_id,
    )
    return msgspec.convert(rows, list[CommentState])


async def star(work: Work, principal: Principal, comment_id: UUID, now: datetime) -> None:
    await work.execute(_STAR, new_id(), principal.tenant_id, comment_id, principal.user_id, now)


async def unstar(work: Work, principal: Principal, comment_id: UUID) -> None:
    sql = "delete from comment_stars where tenant_id = $1 and comment_id = $2 and user_id = $3"
    await work.execute(sql, principal.tenant_id, comment_id, principal.user_id)


async def drop_stars_of(work: Work, tenant_id: UUID, user_id: UUID, until: datetime) -> None:
    """Those that they had given by then."""
    sql = "delete from comment_stars where tenant_id = $1 and user_id = $2 and created_at <= $3"
    await work.execute(sql, tenant_id, user_id, until)


def _filters(query: CommentQuery | CommentsAboutQuery, arguments: Arguments) -> str:
    text = ""
    if query.entity_type is not None:
        text += f" and c.entity_type = {arguments.add(query.entity_type)}"
    if query.entity_id is not None:
        text += f" and c.entity_id = {arguments.add(query.entity_id)}"
    if query.starred is not None:
        text += f" and (s.user_id is not null) = {arguments.add(query.starred)}"
    return text


def _key(comment: CommentState) -> tuple[UUID, UUID]:
    return comment.tenant_id, comment.id


_ADD = f"""
insert into comments as c (id, tenant_id, project_id, entity_type, entity_id, parent_id, author_id, body,
                           mentioned_user_ids, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
returning {_COLUMNS}, false as is_starred
"""

_AUTHOR_ABOUT = """
select author_id from comments
where tenant_id = $1 and id = $2 and entity_type = $3 and entity_id = $4 and not is_deleted for no key update
"""

_LOCK = f"""
select {_COLUMNS}, exists (
    select from comment_stars s where s.comment_id = c.id and s.user_id = $3
) as is_starred
from comments c where c.tenant_id = $1 and c.id = $2 and not c.is_deleted for update
"""

_KEEP_FORMER = """
insert into comment_edits (id, tenant_id, comment_id, body, replaced_at) values ($1, $2, $3, $4, $5)
"""

_DELETE_OLDEST = """
delete from comment_edits where tenant_id = $1 and id = any(array(
    select id from comment_edits where comment_id = $2 order by replaced_at desc, id desc offset $3
))
"""

_COUNT_ABOUT = "select count(*) from comments where entity_id = $1 and entity_type = $2"
_COUNT_IN_PROJECT = "select count(*) from comments where project_id = $1"

_EDIT = f"""
update comments c set body = $3, mentioned_user_ids = $4, edits = c.edits + 1, edited_at = $5, updated_at = $5,
                      version = c.version + 1
where c.tenant_id = $1 and c.id = $2 returning {_COLUMNS}, $6::boolean as is_starred
"""

_REMOVE_WITHOUT_REPLIES = """
delete from comments c where c.tenant_id = $1 and c.id = $2
and not exists (select from comments reply where reply.parent_id = c.id)
"""

_REMOVE_ABOUT_GONE_FILES = """
delete from comments c where c.tenant_id = $1 and c.project_id = $2 and c.entity_type = $3
and not exists (select from files f where f.tenant_id = $1 and f.id = c.entity_id)
returning c.entity_id
"""

_EMPTY = """
update comments set body = '', mentioned_user_ids = '{}', is_deleted = true, version = version + 1, updated_at = $3
where tenant_id = $1 and id = $2
"""

_STAR = """
insert into comment_stars (id, tenant_id, comment_id, user_id, created_at) values ($1, $2, $3, $4, $5)
on conflict (comment_id, user_id) do nothing
"""
