"""Every query on occasions."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from project_service import limits
from project_service.gifting import statements
from project_service.gifting.occasions.errors import OccasionNotFound
from project_service.gifting.occasions.schemas import CreateOccasion, OccasionQuery, OccasionSummary, PersonSummary
from project_service.gifting.secrecy import Viewer
from project_service.listing import Arguments, Rows, SortKey, fetch_page
from shared.db.unit_of_work import Work
from shared.events.gifting import OccasionState
from shared.ids import new_id
from shared.principal import Principal

SORT_KEYS = {
    "date": SortKey("date", date),
    "name": SortKey("name_key", str),
    "created_at": SortKey("created_at", datetime),
}
CANDIDATES = 20
"""Of each kind: occasions in zones where it is another day already may turn out to be over."""

_TABLE = "gift_occasions"
_COLUMNS = """
    t.id, t.tenant_id, t.name, t.date, t.kind, t.recurrence, t.timezone, t.person_ids, t.budget, t.currency,
    t.created_by, t.version, t.created_at, t.updated_at
"""


async def find_page(work: Work, tenant_id: UUID, query: OccasionQuery) -> Rows:
    arguments = Arguments([tenant_id])
    filters = ""
    if query.kind is not None:
        filters += f" and t.kind = {arguments.add(query.kind)}"
    if query.person_id is not None:
        filters += f" and {arguments.add(query.person_id)} = any(t.person_ids)"
    return await fetch_page(
        work,
        query,
        query.sort,
        SORT_KEYS,
        "t",
        columns=_COLUMNS,
        tables=f"{_TABLE} t",
        condition=f"t.tenant_id = $1 {filters}",
        arguments=arguments,
    )


async def get(work: Work, tenant_id: UUID, occasion_id: UUID, locking: str = "") -> OccasionState:
    """Raises OccasionNotFound."""
    row = await work.row(
        f"select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.id = $2 {locking}", tenant_id, occasion_id
    )
    if row is None:
        raise OccasionNotFound
    return msgspec.convert(row, OccasionState)


async def lock(work: Work, tenant_id: UUID, occasion_id: UUID) -> OccasionState:
    """Nobody else writes it, or puts lists on it, until this transaction ends. Raises OccasionNotFound."""
    return await get(work, tenant_id, occasion_id, "for update")


async def add(work: Work, principal: Principal, new: CreateOccasion, now: datetime) -> OccasionState:
    values = {
        **msgspec.structs.asdict(new),
        "id": new_id(),
        "tenant_id": principal.tenant_id,
        "created_by": principal.user_id,
        "created_at": now,
        "updated_at": now,
    }
    row = await statements.insert(work, _TABLE, values, _COLUMNS, limits.OCCASIONS_OF_TENANT, ("tenant_id",))
    return msgspec.convert(row, OccasionState)


async def update(
    work: Work, tenant_id: UUID, occasion_id: UUID, changes: Mapping[str, Any], now: datetime
) -> OccasionState:
    row = await statements.update(work, _TABLE, tenant_id, occasion_id, changes, now, _COLUMNS)
    return msgspec.convert(row, OccasionState)


async def remove(work: Work, tenant_id: UUID, occasion_id: UUID) -> None:
    await statements.delete(work, _TABLE, tenant_id, occasion_id)


async def candidates(work: Work, tenant_id: UUID, now: datetime) -> list[OccasionState]:
    """Among these are the next ones: those ahead, those later in the year, and those early in the next."""
    earliest = (now - timedelta(days=1)).date()  # it may still be yesterday somewhere
    year_day = earliest.month * 100 + earliest.day
    rows = await work.rows(_CANDIDATES, tenant_id, earliest, year_day, CANDIDATES)
    return msgspec.convert(rows, list[OccasionState])


async def summary(work: Work, principal: Principal, occasion_id: UUID, now: datetime) -> OccasionSummary:
    """One statement. Raises OccasionNotFound."""
    rows = await work.rows(_SUMMARY, principal.tenant_id, occasion_id, principal.user_id, now)
    if not rows:
        raise OccasionNotFound
    people = [row for row in rows if row["person_id"] is not None]
    occasion = rows[0]
    budget = occasion["total_budget"]
    share = budget // len(people) if budget is not None and people else None
    return OccasionSummary(
        occasion_id=occasion_id,
        budget=budget,
        spent=sum(row["spent"] for row in rows),
        currency=occasion["currency"],
        people=tuple(msgspec.convert({**row, "budget": share}, PersonSummary) for row in people),
    )


_CANDIDATES = f"""
select * from (
    (select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.date >= $2 order by t.date, t.id limit $4)
    union
    (select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.recurrence = 'yearly' and t.year_day >= $3
     order by t.year_day, t.id limit $4)
    union
    (select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.recurrence = 'yearly'
     order by t.year_day, t.id limit $4)
) as t
"""

_VIEWER = Viewer("$3", "$4")
# Items of lists that are for nobody count for the whole only: their row has no person.
_SUMMARY = f"""
with occasion as (
    select * from gift_occasions where tenant_id = $1 and id = $2
), seen as (
    select l.id, l.person_id, {_VIEWER.is_subject} as is_secret
    from gift_lists l left join gift_persons p on p.id = l.person_id
    where l.tenant_id = $1 and l.occasion_id = $2 and {_VIEWER.sees_list}
), counted as (
    select seen.person_id,
        count(*) filter (where i.status = 'idea') as idea,
        count(*) filter (where i.status = 'selected') as selected,
        count(*) filter (where i.status = 'purchased') as purchased,
        count(*) filter (where i.status = 'received') as received,
        sum(g.price * i.quantity) filter (
            where i.status in ('purchased', 'received') and g.currency = (select currency from occasion)
        ) as spent
    from seen join list_items i on i.list_id = seen.id left join gifts g on g.id = i.gift_id
    where not seen.is_secret group by seen.person_id
), people as (
    select unnest(person_ids) as person_id from occasion
    union select person_id from seen
    union select null
)
select p.id as person_id, coalesce(p.name, '') as name, coalesce(c.idea, 0) as idea,
    coalesce(c.selected, 0) as selected, coalesce(c.purchased, 0) as purchased, coalesce(c.received, 0) as received,
    coalesce(c.spent, 0)::bigint as spent, o.budget as total_budget, o.currency
from occasion o cross join people
left join gift_persons p on p.id = people.person_id
left join counted c on c.person_id is not distinct from people.person_id
order by p.name_key, p.id
"""
