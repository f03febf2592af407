"""Every query on persons."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from project_service import limits
from project_service.gifting import statements
from project_service.gifting.persons.errors import PersonInUse, PersonLinked, PersonNotFound, TooManyLinkedPersons
from project_service.gifting.persons.schemas import (
    CreatePerson,
    GivenGift,
    HistoryQuery,
    PersonQuery,
    Relationships,
)
from project_service.gifting.secrecy import Viewer
from project_service.gifting.streams import MAX_LINKED
from project_service.listing import Arguments, SortKey, fetch_page, page_of
from shared.db.failures import UniqueViolation
from shared.db.unit_of_work import Work
from shared.events.gifting import PersonState
from shared.ids import new_id
from shared.pagination import PageOf
from shared.principal import Principal

SORT_KEYS = {"name": SortKey("name_key", str), "created_at": SortKey("created_at", datetime)}
_TABLE = "gift_persons"
_COLUMNS = """
    t.id, t.tenant_id, t.name, t.relationship, t.birthday, t.notes, t.user_id, t.sizes, t.created_by, t.version,
    t.created_at, t.updated_at
"""


async def find_page(work: Work, tenant_id: UUID, query: PersonQuery) -> PageOf[PersonState]:
    arguments = Arguments([tenant_id])
    filters = f" and {statements.part_of(query.q, 't.name_key', arguments)}" if query.q is not None else ""
    rows, total = await fetch_page(
        work,
        query,
        query.sort,
        SORT_KEYS,
        "t",
        columns=_COLUMNS,
        tables=f"{_TABLE} t",
        condition=f"t.tenant_id = $1 {filters}",
        size="coalesce(octet_length(t.notes), 0)",
        arguments=arguments,
    )
    return page_of(query, query.sort, rows, msgspec.convert(rows, list[PersonState]), total)


async def get(work: Work, tenant_id: UUID, person_id: UUID, locking: str = "") -> PersonState:
    """Raises PersonNotFound."""
    row = await work.row(
        f"select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.id = $2 {locking}", tenant_id, person_id
    )
    if row is None:
        raise PersonNotFound
    return msgspec.convert(row, PersonState)


async def lock(work: Work, tenant_id: UUID, person_id: UUID) -> PersonState:
    """Nobody else writes it, or puts it on anything, until this transaction ends. Raises PersonNotFound."""
    return await get(work, tenant_id, person_id, "for update")


async def lock_member(work: Work, tenant_id: UUID, user_id: UUID) -> PersonState | None:
    """The person that a member of the tenant is; None where they are none."""
    row = await work.row(
        f"select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and t.user_id = $2 for update", tenant_id, user_id
    )
    return None if row is None else msgspec.convert(row, PersonState)


async def lock_all_of(work: Work, tenant_id: UUID, user_id: UUID) -> list[PersonState]:
    """The persons that a user is, and was until they left."""
    of_user = "(t.user_id = $2 or t.former_user_id = $2)"
    sql = f"select {_COLUMNS} from {_TABLE} t where t.tenant_id = $1 and {of_user} order by t.id for update"
    return msgspec.convert(await work.rows(sql, tenant_id, user_id), list[PersonState])


async def add(work: Work, principal: Principal, new: CreatePerson, now: datetime) -> PersonState:
    """Raises PersonLinked, which ends the transaction."""
    values = {
        **msgspec.structs.asdict(new),
        "id": new_id(),
        "tenant_id": principal.tenant_id,
        "link_id": new.user_id and new_id(),
        "created_by": principal.user_id,
        "created_at": now,
        "updated_at": now,
    }
    try:
        row = await statements.insert(work, _TABLE, values, _COLUMNS, limits.PERSONS_OF_TENANT, ("tenant_id",))
    except UniqueViolation as violation:
        raise PersonLinked from violation
    return msgspec.convert(row, PersonState)


async def update(
    work: Work, tenant_id: UUID, person_id: UUID, changes: Mapping[str, Any], now: datetime
) -> PersonState:
    """Another link, or none, ends the former one, unless `former_user_id` is among the changes. Raises PersonLinked,
    which ends the transaction.
    """
    if "user_id" in changes:
        changes = {"former_user_id": None, **changes, "link_id": changes["user_id"] and new_id()}
    try:
        row = await statements.update(work, _TABLE, tenant_id, person_id, changes, now, _COLUMNS)
    except UniqueViolation as violation:
        raise PersonLinked from violation
    return msgspec.convert(row, PersonState)


async def remove(work: Work, tenant_id: UUID, person_id: UUID) -> None:
    """Raises PersonInUse."""
    [row] = await work.rows(_IS_IN_USE, tenant_id, person_id)
    if row["is_in_use"]:
        raise PersonInUse
    await statements.delete(work, _TABLE, tenant_id, person_id)


async def require_room_for_link(work: Work, tenant_id: UUID) -> None:
    """Raises TooManyLinkedPersons."""
    [row] = await work.rows(
        "select count(*) as number from gift_persons where tenant_id = $1 and user_id is not null", tenant_id
    )
    if row["number"] >= MAX_LINKED:
        raise TooManyLinkedPersons(details={"limit": MAX_LINKED})


async def history(
    work: Work, principal: Principal, person_id: UUID, query: HistoryQuery, now: datetime
) -> PageOf[GivenGift]:
    """What was bought or given, as far as the caller may know of it."""
    arguments = Arguments([principal.tenant_id, person_id])
    viewer = Viewer(arguments.add(principal.user_id), arguments.add(now))
    rows, total = await fetch_page(
        work,
        query,
        "-moved_at",
        {"moved_at": SortKey("moved_at", datetime)},
        "i",
        columns=_GIVEN_COLUMNS,
        tables="gift_lists l join gift_persons p on p.id = l.person_id join list_items i on i.list_id = l.id",
        details="left join gifts g on g.id = i.gift_id left join gift_occasions o on o.id = l.occasion_id",
        condition=f"""
            l.tenant_id = $1 and l.person_id = $2 and i.status in ('purchased', 'received')
            and {viewer.sees_all_of_item}
        """,
        arguments=arguments,
    )
    return page_of(query, "-moved_at", rows, msgspec.convert(rows, list[GivenGift]), total)


async def relationships(work: Work, principal: Principal, person_id: UUID, now: datetime) -> Relationships:
    viewer = Viewer("$3", "$4")
    row = await work.row(
        f"""
        select coalesce((
            select jsonb_agg(l) from (
                select l.id, l.name, l.type from gift_lists l join gift_persons p on p.id = l.person_id
                where l.tenant_id = $1 and l.person_id = $2 and {viewer.sees_list}
                order by l.created_at desc, l.id limit 100
            ) as l
        ), '[]') as lists, coalesce((
            select jsonb_agg(o) from (
                select o.id, o.name, o.date from gift_occasions o
                where o.tenant_id = $1 and $2 = any(o.person_ids) order by o.created_at desc, o.id limit 100
            ) as o
        ), '[]') as occasions
        """,
        principal.tenant_id,
        person_id,
        principal.user_id,
        now,
    )
    return msgspec.convert(row, Relationships)


_GIVEN_COLUMNS = """
    i.id, l.id as list_id, l.name as list_name, o.id as occasion_id, o.name as occasion_name, i.gift_id,
    coalesce(i.name, g.name) as name, i.status, i.quantity, g.price, g.currency,
    extract(year from i.moved_at at time zone 'UTC')::int as year, i.moved_at
"""

_IS_IN_USE = """
select exists (select from gift_lists where tenant_id = $1 and person_id = $2)
    or exists (select from gift_occasions where tenant_id = $1 and $2 = any(person_ids)) as is_in_use
"""
