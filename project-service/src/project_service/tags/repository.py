"""Every query on tags. Whoever calls has made sure that the project may be seen."""

# ruff: noqa: S608 - statements are put together from constants

from datetime import datetime
from uuid import UUID

import msgspec

from project_service.listing import Arguments, SortKey, fetch_page, page_of
from project_service.tags.errors import TagExists, TagNotFound
from project_service.tags.schemas import CreateTag, TagQuery
from shared.db.failures import UniqueViolation
from shared.db.unit_of_work import Work
from shared.events.projects import TagState
from shared.ids import new_id
from shared.pagination import PageOf

SORT = "name"
SORT_KEYS = {SORT: SortKey("name_key", str)}
_COLUMNS = "t.id, t.tenant_id, t.project_id, t.name, t.color, 1 as version, t.created_at, t.created_at as updated_at"


async def find_page(work: Work, tenant_id: UUID, project_id: UUID, query: TagQuery) -> PageOf[TagState]:
    rows, total = await fetch_page(
        work,
        query,
        SORT,
        SORT_KEYS,
        "t",
        columns=_COLUMNS,
        tables="project_tags t",
        condition="t.tenant_id = $1 and t.project_id = $2",
        arguments=Arguments([tenant_id, project_id]),
    )
    return page_of(query, SORT, rows, msgspec.convert(rows, list[TagState]), total)


async def count(work: Work, tenant_id: UUID, project_id: UUID) -> int:
    [row] = await work.rows(_COUNT, tenant_id, project_id)
    number: int = row["number"]
    return number


async def add(work: Work, tenant_id: UUID, project_id: UUID, new: CreateTag, now: datetime) -> TagState:
    """Raises TagExists, which ends the transaction."""
    try:
        row = await work.row(_ADD, new_id(), tenant_id, project_id, new.name, new.color, now)
    except UniqueViolation as violation:
        raise TagExists from violation
    return msgspec.convert(row, TagState)


async def remove(work: Work, tenant_id: UUID, project_id: UUID, tag_id: UUID) -> None:
    """Raises TagNotFound."""
    if not await work.execute(_REMOVE, tenant_id, project_id, tag_id):
        raise TagNotFound


_COUNT = "select count(*) as number from project_tags where tenant_id = $1 and project_id = $2"

_ADD = f"""
insert into project_tags as t (id, tenant_id, project_id, name, color, created_at) values ($1, $2, $3, $4, $5, $6)
returning {_COLUMNS}
"""

_REMOVE = "delete from project_tags where tenant_id = $1 and project_id = $2 and id = $3"
