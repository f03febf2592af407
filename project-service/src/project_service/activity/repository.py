"""Every query on activity. Whoever calls has made sure that the project may be seen."""

from datetime import datetime
from uuid import UUID

import msgspec

from project_service.activity.schemas import Activity, ActivityQuery, ActivityView
from project_service.listing import Arguments, SortKey, fetch_page, page_of
from shared.db.unit_of_work import Work
from shared.members.authors import author_column
from shared.pagination import PageOf

SORT = "-occurred_at"
SORT_KEYS = {"occurred_at": SortKey("occurred_at", datetime)}
_COLUMNS = f"""
    a.id, a.project_id, a.actor_id, a.type, a.entity_type, a.entity_id, a.changed_fields, a.occurred_at,
    {author_column("a.actor_id", "a.tenant_id", "a.occurred_at")}
"""


async def find_page(work: Work, tenant_id: UUID, project_id: UUID, query: ActivityQuery) -> PageOf[ActivityView]:
    rows, total = await fetch_page(
        work,
        query,
        SORT,
        SORT_KEYS,
        "a",
        columns=_COLUMNS,
        tables="project_activity a",
        condition="a.tenant_id = $1 and a.project_id = $2",
        arguments=Arguments([tenant_id, project_id]),
    )
    return page_of(query, SORT, rows, msgspec.convert(rows, list[ActivityView]), total)


async def add(work: Work, tenant_id: UUID, activity: Activity) -> None:
    """Once per event, and nothing in a project that is deleted for good."""
    await work.execute(_ADD, tenant_id, *msgspec.structs.astuple(activity))


async def delete_oldest(work: Work, tenant_id: UUID, project_id: UUID, kept: int) -> None:
    await work.execute(_DELETE_OLDEST, tenant_id, project_id, kept)


_DELETE_OLDEST = """
delete from project_activity where tenant_id = $1 and id = any(array(
    select id from project_activity where project_id = $2 order by occurred_at desc, id desc offset $3
))
"""

_ADD = """
insert into project_activity (tenant_id, id, project_id, actor_id, type, entity_type, entity_id, changed_fields,
                              occurred_at)
select $1::uuid, $2::uuid, p.id, $4::uuid, $5::text, $6::text, $7::uuid, $8::text[], $9::timestamptz
from projects p where p.tenant_id = $1 and p.id = $3
on conflict (id) do nothing
"""
