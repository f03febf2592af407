"""Every query on workspace sessions. They are strictly their user's: nobody else finds them."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service import limits
from project_service.listing import Arguments, SortKey, fetch_page, page_of
from project_service.sessions.errors import SessionNotFound
from project_service.sessions.schemas import RelatedSession, SessionQuery, SessionSummary, SessionView
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {
    "last_accessed_at": SortKey("last_accessed_at", datetime),
    "created_at": SortKey("created_at", datetime),
    "updated_at": SortKey("updated_at", datetime),
}
_SUMMARY = """
    s.id, s.tenant_id, s.user_id, s.project_id, s.conversation_id, s.parent_session_id, s.name, s.workspace_path,
    s.tags, s.last_accessed_at, s.version, s.created_at, s.updated_at
"""
_COUNT_OF_USER = "select count(*) from workspace_sessions where tenant_id = $1 and user_id = $2"
_OWN = "s.tenant_id = $1 and s.user_id = $2"


async def find_page(work: Work, owner: Principal, query: SessionQuery) -> PageOf[SessionSummary]:
    arguments = Arguments([owner.tenant_id, owner.user_id])
    rows, total = await fetch_page(
        work,
        query,
        query.sort,
        SORT_KEYS,
        "s",
        columns=_SUMMARY,
        tables="workspace_sessions s",
        condition=_OWN + _filters(query, arguments),
        arguments=arguments,
    )
    return page_of(query, query.sort, rows, msgspec.convert(rows, list[SessionSummary]), total)


async def find_related(work: Work, owner: Principal, tags: Sequence[str], limit: int) -> list[RelatedSession]:
    """Those that share a tag, in whatever case: most alike first, then last used first."""
    wanted = [tag.lower() for tag in tags]
    rows = await work.rows(_RELATED, owner.tenant_id, owner.user_id, wanted, limit)
    return msgspec.convert(rows, list[RelatedSession])


async def get(work: Work, owner: Principal, session_id: UUID, locking: str = "") -> SessionView:
    """Raises SessionNotFound."""
    sql = f"select {_SUMMARY}, s.state from workspace_sessions s where {_OWN} and s.id = $3 {locking}"
    row = await work.row(sql, owner.tenant_id, owner.user_id, session_id)
    if row is None:
        raise SessionNotFound
    return _view(row)


async def lock(work: Work, owner: Principal, session_id: UUID) -> SessionView:
    """The same, and nobody else writes it until this transaction ends."""
    return await get(work, owner, session_id, locking="for no key update")


async def touch(work: Work, session: SessionSummary, now: datetime) -> None:
    """Its owner looked at it; that is no change, and its version stays."""
    sql = "update workspace_sessions set last_accessed_at = $3 where tenant_id = $1 and id = $2"
    await work.execute(sql, session.tenant_id, session.id, now)


async def add(work: Work, owner: Principal, values: Mapping[str, Any], state: str, now: datetime) -> SessionView:
    """`values` maps columns to values; `state` is JSON. Raises LimitReached."""
    arguments = Arguments([owner.tenant_id, owner.user_id, new_id(), now, state])
    places = ", ".join(arguments.add(value) for value in values.values())
    [row] = await work.rows(
        f"""
        insert into workspace_sessions as s
            (tenant_id, user_id, id, created_at, updated_at, last_accessed_at, state, {", ".join(values)})
        values ($1, $2, $3, $4, $4, $4, $5, {places}) returning {_SUMMARY}, s.state
        """,
        *arguments,
    )
    await require_within(work, limits.SESSIONS_OF_USER, _COUNT_OF_USER, owner.tenant_id, owner.user_id)
    return _view(row)


async def update(work: Work, session: SessionSummary, changes: Mapping[str, Any], now: datetime) -> SessionView:
    """`changes` maps columns to values."""
    arguments = Arguments([session.tenant_id, session.id, now])
    columns = ", ".join(f"{column} = {arguments.add(value)}" for column, value in changes.items())
    [row] = await work.rows(
        f"""
        update workspace_sessions s set {columns}, version = s.version + 1, updated_at = $3, last_accessed_at = $3
        where s.tenant_id = $1 and s.id = $2 returning {_SUMMARY}, s.state
        """,
        *arguments,
    )
    return _view(row)


async def remove(work: Work, session: SessionSummary) -> None:
    await work.execute("delete from workspace_sessions where tenant_id = $1 and id = $2", session.tenant_id, session.id)


async def remove_all_of(work: Work, tenant_id: UUID, user_id: UUID, until: datetime) -> None:
    """Those that they had made by then."""
    sql = "delete from workspace_sessions where tenant_id = $1 and user_id = $2 and created_at <= $3"
    await work.execute(sql, tenant_id, user_id, until)


def _filters(query: SessionQuery, arguments: Arguments) -> str:
    text = ""
    if query.project_id is not None:
        text += f" and s.project_id = {arguments.add(query.project_id)}"
    if query.conversation_id is not None:
        text += f" and s.conversation_id = {arguments.add(query.conversation_id)}"
    return text


def _view(row: Mapping[str, Any]) -> SessionView:
    return msgspec.convert({**row, **msgspec.json.decode(row["state"])}, SessionView)


_RELATED = f"""
select {_SUMMARY}, overlap.common::float8 / (cardinality(s.tags) + cardinality($3::text[]) - overlap.common)
    as relevance_score
from workspace_sessions s cross join lateral (
    select count(*) as common from unnest(s.tags) as tag where lower(tag) = any($3::text[])
) overlap
where {_OWN} and overlap.common > 0
order by relevance_score desc, s.last_accessed_at desc, s.id desc limit $4
"""
