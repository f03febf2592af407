"""Every query on the items of lists. Whoever calls has made sure that the list is shown to the caller."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service import limits
from project_service.gifting import statements
from project_service.gifting.items.errors import ListItemNotFound
from project_service.gifting.items.schemas import CreateItem, ItemQuery
from project_service.gifting.lists import repository as lists
from project_service.gifting.secrecy import (
    HIDDEN_FIELDS,
    StoredItem,
    StoredList,
    keeps_secrets_from,
    seen_by,
    shows_item,
)
from project_service.listing import Arguments, SortKey, fetch_page, page_of
from shared.db.unit_of_work import Work
from shared.events.gifting import ItemStatus, ListItemState
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {"created_at": SortKey("created_at", datetime), "updated_at": SortKey("updated_at", datetime)}
PUBLIC_SORT_KEYS = {**SORT_KEYS, "updated_at": SortKey("public_updated_at", datetime)}
"""For whom the list is for: the order tells them nothing either."""

_TABLE = "list_items"
_COLUMNS = """
    t.id, t.tenant_id, t.list_id, t.gift_id, t.name, t.status, t.assigned_to, t.quantity, t.shares, t.added_by, t.notes,
    t.version, t.created_at, t.updated_at, t.public_version, t.public_updated_at
"""


async def find_page(
    work: Work, principal: Principal, gift_list: StoredList, query: ItemQuery, now: datetime
) -> PageOf[ListItemState]:
    """Of a list that the caller sees."""
    arguments = Arguments([principal.tenant_id, gift_list.id])
    keys, only_own = SORT_KEYS, ""
    if keeps_secrets_from(gift_list, principal.user_id, now):
        keys, only_own = PUBLIC_SORT_KEYS, f"and t.added_by = {arguments.add(principal.user_id)}"
    rows, total = await fetch_page(
        work,
        query,
        query.sort,
        keys,
        "t",
        columns=_COLUMNS,
        tables=f"{_TABLE} t",
        condition=f"t.tenant_id = $1 and t.list_id = $2 {only_own}",
        size="coalesce(octet_length(t.notes), 0)",
        arguments=arguments,
    )
    found = [msgspec.convert(row, StoredItem) for row in rows]
    shown = [seen_by(gift_list, item, principal.user_id, now) for item in found]
    return page_of(query, query.sort, rows, shown, total)


async def get(
    work: Work, principal: Principal, item_id: UUID, now: datetime, locking: str = ""
) -> tuple[StoredList, StoredItem]:
    """Raises ListItemNotFound for what is not shown to the caller."""
    row = await work.row(
        f"select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.id = $2 {locking}",
        principal.tenant_id,
        item_id,
    )
    if row is None:
        raise ListItemNotFound
    item = msgspec.convert(row, StoredItem)
    found = await lists.get_any(work, principal.tenant_id, [item.list_id])
    gift_list = found[item.list_id]
    if not shows_item(gift_list, item, principal.user_id, now):
        raise ListItemNotFound
    return gift_list, item


async def lock(work: Work, principal: Principal, item_id: UUID, now: datetime) -> tuple[StoredList, StoredItem]:
    """Nobody else writes the item until this transaction ends. Raises ListItemNotFound."""
    return await get(work, principal, item_id, now, "for update")


async def add(work: Work, principal: Principal, list_id: UUID, new: CreateItem, now: datetime) -> StoredItem:
    values = {
        **msgspec.structs.asdict(new),
        "id": new_id(),
        "tenant_id": principal.tenant_id,
        "list_id": list_id,
        "status": ItemStatus.IDEA,
        "shares": (),
        "added_by": principal.user_id,
        "moved_at": now,
        "created_at": now,
        "updated_at": now,
        "public_updated_at": now,
    }
    adder = ("list_id", "added_by")
    row = await statements.insert(work, _TABLE, values, _COLUMNS, limits.ITEMS_OF_USER, adder)
    return msgspec.convert(row, StoredItem)


async def update(work: Work, item: StoredItem, changes: Mapping[str, Any], now: datetime) -> StoredItem:
    """A change that its list's subject sees moves the public version and time as well."""
    columns = dict(changes)
    if "status" in changes:
        columns["moved_at"] = now
    if changes.keys() - HIDDEN_FIELDS:
        columns |= {"public_version": item.public_version + 1, "public_updated_at": now}
    row = await statements.update(work, _TABLE, item.tenant_id, item.id, columns, now, _COLUMNS)
    return msgspec.convert(row, StoredItem)


async def holding(work: Work, tenant_id: UUID, gift_id: UUID, locking: str = "") -> list[StoredItem]:
    """The items that are this gift, on whosever lists."""
    rows = await work.rows(
        f"select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.gift_id = $2 order by t.id {locking}",
        tenant_id,
        gift_id,
    )
    return msgspec.convert(rows, list[StoredItem])


async def lock_claimed(work: Work, tenant_id: UUID, user_id: UUID, until: datetime, at_most: int) -> list[StoredItem]:
    """What they had taken by then, alone or with others; nobody else writes it until this transaction ends."""
    rows = await work.rows(_CLAIMED, tenant_id, user_id, until, at_most)
    return msgspec.convert(rows, list[StoredItem])


async def hold_all(work: Work, tenant_id: UUID, list_id: UUID) -> list[StoredItem]:
    """All items of a list, oldest first; nobody writes them before this transaction ends."""
    rows = await work.rows(
        f"select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.list_id = $2 order by t.id for share",
        tenant_id,
        list_id,
    )
    return msgspec.convert(rows, list[StoredItem])


async def remove(work: Work, item: StoredItem) -> None:
    await statements.delete(work, _TABLE, item.tenant_id, item.id)


_CLAIMED = f"""
select {_COLUMNS} from {_TABLE} t
where t.tenant_id = $1 and t.assigned_to is not null and t.updated_at <= $3
  and t.shares @> jsonb_build_array(jsonb_build_object('user_id', $2::uuid))
order by t.id limit $4 for update
"""
