"""Every query on lists. A list that is not shown to the caller is not found."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service import limits
from project_service.gifting import statements
from project_service.gifting.lists.errors import ListNotFound
from project_service.gifting.lists.schemas import CreateList, ListQuery
from project_service.gifting.secrecy import StoredList, Viewer
from project_service.listing import Arguments, SortKey, fetch_page, page_of
from shared.db.unit_of_work import Work
from shared.events.gifting import GiftListState
from shared.events.projects import Visibility
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {
    "created_at": SortKey("created_at", datetime),
    "updated_at": SortKey("updated_at", datetime),
    "name": SortKey("name_key", str),
}
_TABLE = "gift_lists"
_OWN = GiftListState.__struct_fields__
_COLUMNS = ", ".join(f"l.{column}" for column in _OWN)
_TABLES = "gift_lists l left join gift_persons p on p.id = l.person_id"
_SUBJECT = "(select p.user_id from gift_persons p where p.id = t.person_id) as subject_id"
_RETURNING = ", ".join(f"t.{column}" for column in _OWN) + f", {_SUBJECT}"


async def find_page(work: Work, principal: Principal, query: ListQuery, now: datetime) -> PageOf[GiftListState]:
    arguments = Arguments([principal.tenant_id])
    viewer = Viewer(arguments.add(principal.user_id), arguments.add(now))
    filters = ""
    for column, value in (("type", query.type), ("person_id", query.person_id), ("occasion_id", query.occasion_id)):
        if value is not None:
            filters += f" and l.{column} = {arguments.add(value)}"
    rows, total = await fetch_page(
        work,
        query,
        query.sort,
        SORT_KEYS,
        "l",
        columns=_COLUMNS,
        tables=_TABLES,
        condition=f"l.tenant_id = $1 and {viewer.sees_list} {filters}",
        arguments=arguments,
    )
    return page_of(query, query.sort, rows, msgspec.convert(rows, list[GiftListState]), total)


async def get(work: Work, principal: Principal, list_id: UUID, now: datetime, locking: str = "") -> StoredList:
    """Raises ListNotFound."""
    row = await work.row(
        f"""
        select {_COLUMNS}, p.user_id as subject_id from {_TABLES}
        where l.tenant_id = $1 and l.id = $2 and {Viewer("$3", "$4").sees_list} {locking}
        """,
        principal.tenant_id,
        list_id,
        principal.user_id,
        now,
    )
    if row is None:
        raise ListNotFound
    return msgspec.convert(row, StoredList)


async def hold(work: Work, principal: Principal, list_id: UUID, now: datetime) -> StoredList:
    """Nobody deletes it before this transaction ends. Raises ListNotFound."""
    return await get(work, principal, list_id, now, "for key share of l")


async def lock(work: Work, principal: Principal, list_id: UUID, now: datetime) -> StoredList:
    """Nobody else writes it, or adds to it, until this transaction ends. Raises ListNotFound."""
    return await get(work, principal, list_id, now, "for update of l")


async def get_any(work: Work, tenant_id: UUID, list_ids: list[UUID]) -> dict[UUID, StoredList]:
    """Whoever sees them: for telling of what is on them."""
    rows = await work.rows(
        f"select {_COLUMNS}, p.user_id as subject_id from {_TABLES} where l.tenant_id = $1 and l.id = any($2::uuid[])",
        tenant_id,
        list_ids,
    )
    return {row["id"]: msgspec.convert(row, StoredList) for row in rows}


async def add(work: Work, principal: Principal, new: CreateList, now: datetime) -> StoredList:
    values = {
        **msgspec.structs.asdict(new),
        "id": new_id(),
        "tenant_id": principal.tenant_id,
        "created_by": principal.user_id,
        "created_at": now,
        "updated_at": now,
    }
    maker = ("tenant_id", "created_by")
    row = await statements.insert(work, _TABLE, values, _RETURNING, limits.LISTS_OF_USER, maker)
    return msgspec.convert(row, StoredList)


async def admitted_at(work: Work, principal: Principal, list_id: UUID) -> datetime | None:
    """Since when they may see it; None for whoever made it, and where that is not known."""
    row = await work.row(_ADMITTED_AT, principal.tenant_id, list_id, principal.user_id)
    return None if row is None else row["since"]


async def update(work: Work, tenant_id: UUID, list_id: UUID, changes: Mapping[str, Any], now: datetime) -> StoredList:
    if changes.get("visibility") is Visibility.TENANT:
        changes = {**changes, "visible_since": now}
    return msgspec.convert(
        await statements.update(work, _TABLE, tenant_id, list_id, changes, now, _RETURNING), StoredList
    )


async def leave_occasion(work: Work, tenant_id: UUID, occasion_id: UUID, now: datetime) -> list[StoredList]:
    """All lists of an occasion, which have none any more."""
    rows = await work.rows(
        f"""
        update gift_lists t set occasion_id = null, version = t.version + 1, updated_at = $3
        where t.tenant_id = $1 and t.occasion_id = $2 returning {_RETURNING}
        """,
        tenant_id,
        occasion_id,
        now,
    )
    return msgspec.convert(rows, list[StoredList])


async def lock_any(work: Work, list_id: UUID) -> StoredList | None:
    """Of the tenant of the work, whoever sees it. Nobody writes it, or adds to it, until the work ends."""
    row = await work.row(
        f"""
        select {_COLUMNS}, p.user_id as subject_id from {_TABLES}
        where l.tenant_id = $1 and l.id = $2 for update of l
        """,
        work.tenant_id,
        list_id,
    )
    return None if row is None else msgspec.convert(row, StoredList)


async def remove(work: Work, tenant_id: UUID, list_id: UUID) -> None:
    """With everything on it."""
    await work.execute("delete from list_items where tenant_id = $1 and list_id = $2", tenant_id, list_id)
    await statements.delete(work, _TABLE, tenant_id, list_id)


_ADMITTED_AT = """
select greatest(l.visible_since, t.joined_at) as since
from gift_lists l left join tenant_members t on t.tenant_id = l.tenant_id and t.user_id = $3
where l.tenant_id = $1 and l.id = $2 and l.created_by <> $3
"""
