"""Every query on gifts. What is not shown to the caller is not found."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service import limits
from project_service.gifting import statements
from project_service.gifting.gifts.errors import GiftNotFound
from project_service.gifting.gifts.schemas import GiftQuery, GiftSearch
from project_service.gifting.secrecy import StoredList, Viewer
from project_service.listing import Arguments, SortKey, fetch_page, page_of
from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.events.gifting import GiftState
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {
    "created_at": SortKey("created_at", datetime),
    "updated_at": SortKey("updated_at", datetime),
    "name": SortKey("name_key", str),
}
_TABLE = "gifts"
_OWN = GiftState.__struct_fields__
_COLUMNS = ", ".join(f"g.{column}" for column in _OWN)
_RETURNING = ", ".join(f"t.{column}" for column in _OWN)


async def find_page(
    work: Work, principal: Principal, query: GiftQuery | GiftSearch, now: datetime
) -> PageOf[GiftState]:
    arguments = Arguments([principal.tenant_id])
    viewer = Viewer(arguments.add(principal.user_id), arguments.add(now))
    rows, total = await fetch_page(
        work,
        query,
        query.sort,
        SORT_KEYS,
        "g",
        columns=_COLUMNS,
        tables=f"{_TABLE} g",
        condition=f"g.tenant_id = $1 and {viewer.sees_gift} {_filters(query, arguments)}",
        size="coalesce(octet_length(g.notes), 0)",
        arguments=arguments,
    )
    return page_of(query, query.sort, rows, msgspec.convert(rows, list[GiftState]), total)


async def get(work: Work, principal: Principal, gift_id: UUID, now: datetime, locking: str = "") -> GiftState:
    """Raises GiftNotFound."""
    row = await work.row(
        f"""
        select {_COLUMNS} from {_TABLE} g
        where g.tenant_id = $1 and g.id = $2 and {Viewer("$3", "$4").sees_gift} {locking}
        """,
        principal.tenant_id,
        gift_id,
        principal.user_id,
        now,
    )
    if row is None:
        raise GiftNotFound
    return msgspec.convert(row, GiftState)


async def lock(work: Work, principal: Principal, gift_id: UUID, now: datetime) -> GiftState:
    """Nobody else writes it, or puts it on a list, until this transaction ends. Raises GiftNotFound."""
    return await get(work, principal, gift_id, now, "for update of g")


async def find_unfilled(work: Work, gift_id: UUID, locking: str = "") -> GiftState | None:
    """Of the tenant of the work: a gift with an address whose page has not been read, or could not be."""
    row = await work.row(
        f"""
        select {_COLUMNS} from {_TABLE} g
        where g.tenant_id = $1 and g.id = $2 and g.url is not null and g.metadata_status in ('pending', 'failed')
        {locking}
        """,
        work.tenant_id,
        gift_id,
    )
    return None if row is None else msgspec.convert(row, GiftState)


async def lock_unfilled(work: Work, gift_id: UUID) -> GiftState | None:
    """The same; nobody else writes it until this transaction ends."""
    return await find_unfilled(work, gift_id, "for no key update of g")


async def require_seen(work: Work, principal: Principal, gift_id: UUID | None, now: datetime) -> None:
    """Nobody deletes it before this transaction ends. Raises ValidationFailed for a gift that they do not see."""
    if gift_id is None:
        return
    try:
        await get(work, principal, gift_id, now, "for key share of g")
    except GiftNotFound:
        raise ValidationFailed([FieldError("gift_id", "not_found", "There is no such gift.")]) from None


async def add(work: Work, principal: Principal, values: Mapping[str, Any], now: datetime) -> GiftState:
    """`values` maps columns to values."""
    of_everything = {
        "id": new_id(),
        "tenant_id": principal.tenant_id,
        "created_by": principal.user_id,
        "created_at": now,
        "updated_at": now,
    }
    maker = ("tenant_id", "created_by")
    row = await statements.insert(work, _TABLE, {**values, **of_everything}, _RETURNING, limits.GIFTS_OF_USER, maker)
    return msgspec.convert(row, GiftState)


async def update(work: Work, gift: GiftState, changes: Mapping[str, Any], now: datetime) -> GiftState:
    row = await statements.update(work, _TABLE, gift.tenant_id, gift.id, changes, now, _RETURNING)
    return msgspec.convert(row, GiftState)


async def keep_silence(work: Work, gift_list: StoredList, subject: UUID, item_id: UUID | None = None) -> None:
    """Before an item, or all of them, leave a list that its subject sees: what others said about their gifts, thinking
    that it was kept, stays kept from them.
    """
    await work.execute(_KEEP_SILENCE, gift_list.tenant_id, gift_list.id, subject, item_id)


async def remove(work: Work, gift: GiftState) -> None:
    await statements.delete(work, _TABLE, gift.tenant_id, gift.id)


def _filters(query: GiftQuery | GiftSearch, arguments: Arguments) -> str:
    if isinstance(query, GiftSearch):
        parts = ("g.name_key", "lower(coalesce(g.notes, ''))", "lower(array_to_string(g.tags, ' '))")
        return f" and ({' or '.join(statements.part_of(query.q, part, arguments) for part in parts)})"
    return f" and {arguments.add(query.tag)} = any(g.tags)" if query.tag is not None else ""


_KEEP_SILENCE = """
update gifts set taken_back_by = array_append(taken_back_by, $3::uuid)
where tenant_id = $1 and not $3 = any(taken_back_by) and id in (
    select gift_id from list_items
    where tenant_id = $1 and list_id = $2 and added_by = $3 and (id = $4 or $4::uuid is null)
)
"""
