"""Every query on notifications. Each is its user's alone.

What is unread is counted in the person's inbox, whose row is locked while the count changes.
"""

# ruff: noqa: S608 - statements are put together from constants

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from conversation_service.notifications.domain import Chosen
from conversation_service.notifications.schemas import NotificationQuery
from conversation_service.notifications.sources import Notice
from shared.db.unit_of_work import Work
from shared.events.notifications import NotificationState
from shared.ids import new_id
from shared.pagination import PageOf, decode_cursor, encode_cursor
from shared.principal import Principal

_COLUMNS = """
    n.id, n.tenant_id, n.user_id, n.kind, n.title, n.actor_id, n.entity_type, n.entity_id, n.project_id, n.read_at,
    n.version, n.created_at, n.updated_at
"""
_MINE = "n.tenant_id = $1 and n.user_id = $2"
_UNREAD = {None: "", True: "and n.read_at is null", False: "and n.read_at is not null"}
"""A condition of its own for each, so that the index of what is unread can be used."""


class Inbox(msgspec.Struct, frozen=True, kw_only=True):
    """Of one person in one tenant; who has none yet has an empty one of version 1."""

    unread_count: int = 0
    preferences: Chosen = {}
    version: int = 1


async def find_page(work: Work, principal: Principal, query: NotificationQuery) -> PageOf[NotificationState]:
    """With `meta.unread_count`, whatever is asked for."""
    condition = f"{_MINE} and ($3::text is null or n.kind = $3) {_UNREAD[query.unread]}"
    filters = (principal.tenant_id, principal.user_id, query.kind)
    moment, behind = (None, None) if query.cursor is None else decode_cursor(query.cursor, tuple[datetime, UUID])
    rows = await work.rows(
        f"""
        select {_COLUMNS} from notifications n where {condition}
          and ($4::timestamptz is null or (n.created_at, n.id) < ($4, $5::uuid))
        order by n.created_at desc, n.id desc limit $6 offset $7
        """,
        *filters,
        moment,
        behind,
        query.size + 1,
        query.offset,
    )
    items = msgspec.convert(rows[: query.size], list[NotificationState])
    return PageOf(
        items=items,
        total=await _count(work, condition, filters) if query.include_total else None,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(items[-1].created_at, items[-1].id) if len(rows) > query.size else None,
        meta={"unread_count": (await inbox(work, principal.tenant_id, principal.user_id)).unread_count},
    )


async def inbox(work: Work, tenant_id: UUID, user_id: UUID) -> Inbox:
    row = await work.row(_INBOX, tenant_id, user_id)
    return Inbox() if row is None else msgspec.convert(row, Inbox)


async def lock_inbox(work: Work, tenant_id: UUID, user_id: UUID, now: datetime) -> Inbox:
    """The same, and nobody else adds, reads or chooses anything there until this transaction ends."""
    await work.execute(_OPEN, new_id(), tenant_id, user_id, now)
    row = await work.row(f"{_INBOX} for update", tenant_id, user_id)
    return msgspec.convert(row, Inbox)


async def is_gone(work: Work, tenant_id: UUID, user_id: UUID) -> bool:
    """Whether they are known not to be an active member any more."""
    return await work.row(_GONE, tenant_id, user_id) is not None


async def add(
    work: Work, tenant_id: UUID, event_id: UUID, actor_id: UUID | None, notice: Notice, now: datetime
) -> NotificationState | None:
    """None where this event has made one of this kind for them before."""
    about = (notice.entity_type, notice.entity_id, notice.project_id)
    row = await work.row(
        _ADD, new_id(), tenant_id, notice.user_id, notice.kind, event_id, notice.title, actor_id, *about, now
    )
    return None if row is None else msgspec.convert(row, NotificationState)


async def delete_oldest(work: Work, tenant_id: UUID, user_id: UUID, kept: int) -> int:
    """Keeps the `kept` newest; how many of the others were unread."""
    [row] = await work.rows(_DELETE_OLDEST, tenant_id, user_id, kept)
    unread: int = row["unread"]
    return unread


async def count_unread(work: Work, tenant_id: UUID, user_id: UUID, difference: int) -> int:
    """How many there are after `difference` more, or less."""
    [row] = await work.rows(_COUNT_UNREAD, tenant_id, user_id, difference)
    count: int = row["unread_count"]
    return count


async def mark_read(
    work: Work, principal: Principal, notification_ids: Sequence[UUID] | None, now: datetime
) -> list[UUID]:
    """Which of these were unread; None: of all."""
    ids = None if notification_ids is None else list(notification_ids)
    rows = await work.rows(_MARK_READ, principal.tenant_id, principal.user_id, ids, now)
    return [row["id"] for row in rows]


async def choose(work: Work, principal: Principal, chosen: Chosen, now: datetime) -> None:
    await work.execute(_CHOOSE, principal.tenant_id, principal.user_id, msgspec.json.encode(chosen).decode(), now)


async def forget(work: Work, tenant_id: UUID, user_id: UUID) -> None:
    """All that was kept for somebody."""
    for table in ("notifications", "notification_inboxes"):
        await work.execute(f"delete from {table} where tenant_id = $1 and user_id = $2", tenant_id, user_id)


async def _count(work: Work, condition: str, arguments: tuple[object, ...]) -> int:
    [row] = await work.rows(f"select count(*) from notifications n where {condition}", *arguments)
    count: int = row["count"]
    return count


_INBOX = """
select unread_count, preferences, version from notification_inboxes where tenant_id = $1 and user_id = $2
"""

_OPEN = """
insert into notification_inboxes (id, tenant_id, user_id, updated_at) values ($1, $2, $3, $4)
on conflict (tenant_id, user_id) do nothing
"""

_GONE = "select from tenant_members where tenant_id = $1 and user_id = $2 and not is_active"

_ADD = f"""
insert into notifications as n (id, tenant_id, user_id, kind, event_id, title, actor_id, entity_type, entity_id,
                                project_id, created_at, updated_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
on conflict (event_id, user_id, kind) do nothing returning {_COLUMNS}
"""

_DELETE_OLDEST = """
with deleted as (
    delete from notifications where id = any(array(
        select id from notifications where tenant_id = $1 and user_id = $2
        order by created_at desc, id desc offset $3
    )) returning read_at
)
select count(*) filter (where read_at is null) as unread from deleted
"""

_COUNT_UNREAD = """
update notification_inboxes set unread_count = unread_count + $3 where tenant_id = $1 and user_id = $2
returning unread_count
"""

_MARK_READ = f"""
update notifications n set read_at = $4, version = n.version + 1, updated_at = $4
where {_MINE} and n.read_at is null and ($3::uuid[] is null or n.id = any($3)) returning n.id
"""

_CHOOSE = """
update notification_inboxes set preferences = $3::jsonb, version = version + 1, updated_at = $4
where tenant_id = $1 and user_id = $2
"""
