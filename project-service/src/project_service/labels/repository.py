"""Every query on labels and on which tasks bear them."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from project_service import limits
from project_service.labels.domain import name_key
from project_service.labels.errors import LabelExists, LabelNotFound
from project_service.labels.schemas import CreateLabel, LabelQuery
from project_service.listing import Arguments, SortKey, page_of, window
from shared.db.row_limits import require_within
from shared.db.unit_of_work import Work
from shared.events.projects import LabelState
from shared.ids import new_id
from shared.pagination import PageOf

SORT_KEYS = {"name": SortKey("name_key", str), "created_at": SortKey("created_at", datetime)}
_COUNT = "select count(*) from task_labels where project_id = $1"
_COLUMNS = "l.id, l.tenant_id, l.project_id, l.name, l.color, l.version, l.created_at, l.updated_at"
_OF_PROJECT = "from task_labels l where l.tenant_id = $1 and l.project_id = $2"


async def find_page(work: Work, tenant_id: UUID, project_id: UUID, query: LabelQuery) -> PageOf[LabelState]:
    arguments = Arguments([tenant_id, project_id])
    page = window(query, query.sort, SORT_KEYS, "l", arguments)
    counted = f"select count(*) {_OF_PROJECT}"
    total = f"({counted})" if query.include_total else "null::bigint"
    rows = await work.rows(
        f"select {_COLUMNS}, {page.sort_column} as sort_key, {total} as total {_OF_PROJECT}"
        f" {page.condition} {page.order}",
        *arguments,
    )
    if rows or not query.include_total:
        count = rows[0]["total"] if rows else None
    else:
        [row] = await work.rows(counted, tenant_id, project_id)
        count = row["count"]
    return page_of(query, query.sort, rows, msgspec.convert(rows, list[LabelState]), count)


async def add(work: Work, tenant_id: UUID, project_id: UUID, new: CreateLabel, now: datetime) -> LabelState:
    """Raises LabelExists, LimitReached."""
    row = await work.row(
        f"""
        insert into task_labels as l (id, tenant_id, project_id, name, name_key, color, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $7)
        on conflict (project_id, name_key) do nothing returning {_COLUMNS}
        """,
        new_id(),
        tenant_id,
        project_id,
        new.name,
        name_key(new.name),
        new.color,
        now,
    )
    if row is None:
        raise LabelExists
    await require_within(work, limits.LABELS_OF_PROJECT, _COUNT, project_id)
    return msgspec.convert(row, LabelState)


async def remove(work: Work, tenant_id: UUID, project_id: UUID, label_id: UUID) -> LabelState:
    """From all tasks as well; answers what it was. Raises LabelNotFound."""
    row = await work.row(
        f"""
        delete from task_labels l where l.tenant_id = $1 and l.project_id = $2 and l.id = $3 returning {_COLUMNS}
        """,
        tenant_id,
        project_id,
        label_id,
    )
    if row is None:
        raise LabelNotFound
    return msgspec.convert(row, LabelState)


async def existing(work: Work, tenant_id: UUID, project_id: UUID, label_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that are labels of the project; they stay until this transaction ends."""
    rows = await work.rows(
        f"select l.id {_OF_PROJECT} and l.id = any($3::uuid[]) order by l.id for key share",
        tenant_id,
        project_id,
        list(label_ids),
    )
    return {row["id"] for row in rows}


async def replace(work: Work, tenant_id: UUID, labels_of: Mapping[UUID, Iterable[UUID]]) -> None:
    """Gives each of the tasks exactly these labels."""
    pairs = [(task_id, label_id) for task_id, label_ids in labels_of.items() for label_id in label_ids]
    await work.execute(
        """
        with kept as (select * from unnest($3::uuid[], $4::uuid[]) as t (task_id, label_id)), taken_off as (
            delete from task_label_uses u where u.tenant_id = $1 and u.task_id = any($2::uuid[])
                and not exists (select from kept k where k.task_id = u.task_id and k.label_id = u.label_id)
        )
        insert into task_label_uses (task_id, label_id, tenant_id) select task_id, label_id, $1 from kept
        on conflict (task_id, label_id) do nothing
        """,
        tenant_id,
        list(labels_of),
        [task_id for task_id, _ in pairs],
        [label_id for _, label_id in pairs],
    )
