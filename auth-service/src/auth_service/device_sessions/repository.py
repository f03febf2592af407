"""Every query about a user's own devices. A person's sessions are in all of their tenants: this is system work."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from auth_service.device_sessions.domain import device_name
from auth_service.device_sessions.schemas import SessionQuery, SessionView
from shared.db.unit_of_work import Work
from shared.pagination import PageOf, decode_cursor, encode_cursor
from shared.principal import Principal


async def find_page(work: Work, owner: Principal, query: SessionQuery, now: datetime) -> PageOf[SessionView]:
    """Live ones, the youngest first: ids are made in the order of time."""
    last_seen: UUID | None = decode_cursor(query.cursor, tuple[UUID])[0] if query.cursor else None
    rows = await work.rows(_PAGE, owner.user_id, now, last_seen, query.size + 1, query.offset)
    items = [_view(row, owner) for row in rows[: query.size]]
    return PageOf(
        items=items,
        total=await _count(work, owner.user_id, now) if query.include_total else None,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(items[-1].id) if len(rows) > query.size else None,
    )


async def _count(work: Work, user_id: UUID, now: datetime) -> int:
    row = await work.row(f"select count(*) as number from sessions where {_LIVE}", user_id, now)  # noqa: S608 - constant
    return 0 if row is None else int(row["number"])


def _view(row: dict[str, Any], owner: Principal) -> SessionView:
    about = {"device": device_name(row["user_agent"]), "current": row["id"] == owner.session_id}
    return msgspec.convert({**row, **about}, SessionView)


_LIVE = "user_id = $1 and revoked_at is null and expires_at > $2"

_PAGE = f"""
select id, tenant_id, address as ip, user_agent, created_at, last_seen_at, expires_at from sessions
where {_LIVE} and ($3::uuid is null or id < $3) order by id desc limit $4 offset $5
"""  # noqa: S608 - made of constants
