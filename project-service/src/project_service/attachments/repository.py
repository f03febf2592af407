"""Every query on attachments, and on the objects that none of them refers to."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec

from project_service.attachments.errors import AttachmentNotFound
from project_service.attachments.schemas import AttachmentQuery, AttachmentView
from project_service.listing import Arguments, SortKey, page_of, window
from shared.db.unit_of_work import Work
from shared.pagination import PageOf
from shared.tenant_closures.repository import is_closed

SORT_KEYS = {"created_at": SortKey("created_at", datetime)}
_COLUMNS = """
    a.id, a.tenant_id, a.project_id, a.task_id, a.kind, a.name, a.url, a.size, a.media_type, a.created_by,
    a.version, a.created_at, a.updated_at
"""
_OF_TASK = "from task_attachments a where a.tenant_id = $1 and a.task_id = $2"


class Leftover(NamedTuple):
    id: UUID
    tenant_id: UUID
    size: int


async def find_page(
    work: Work, tenant_id: UUID, task_id: UUID, total: int, query: AttachmentQuery
) -> PageOf[AttachmentView]:
    """`total` is known from the task."""
    arguments = Arguments([tenant_id, task_id])
    page = window(query, query.sort, SORT_KEYS, "a", arguments)
    rows = await work.rows(
        f"select {_COLUMNS}, {page.sort_column} as sort_key {_OF_TASK} {page.condition} {page.order}", *arguments
    )
    items = msgspec.convert(rows, list[AttachmentView])
    return page_of(query, query.sort, rows, items, total if query.include_total else None)


async def get(work: Work, tenant_id: UUID, task_id: UUID, attachment_id: UUID) -> AttachmentView:
    """Raises AttachmentNotFound."""
    row = await work.row(f"select {_COLUMNS} {_OF_TASK} and a.id = $3", tenant_id, task_id, attachment_id)
    if row is None:
        raise AttachmentNotFound
    return msgspec.convert(row, AttachmentView)


async def get_granted(work: Work, tenant_id: UUID, attachment_id: UUID) -> AttachmentView:
    """For whoever shows a grant: by its id alone, where project and task are still there and the tenant is not closed.

    Raises AttachmentNotFound.
    """
    row = await work.row(
        f"""
        select {_COLUMNS} from task_attachments a join projects p on p.id = a.project_id and p.deleted_at is null
        where a.tenant_id = $1 and a.id = $2 and not {is_closed("a.tenant_id")}
        """,
        tenant_id,
        attachment_id,
    )
    if row is None:
        raise AttachmentNotFound
    return msgspec.convert(row, AttachmentView)


async def add(work: Work, new: AttachmentView) -> None:
    values = msgspec.structs.asdict(new)
    places = ", ".join(f"${number + 1}" for number in range(len(values)))
    await work.execute(
        f"insert into task_attachments ({', '.join(values)}) values ({places})",
        *values.values(),
    )


async def remove(work: Work, tenant_id: UUID, attachment_id: UUID) -> None:
    """Its object becomes a leftover: a trigger sees to that, whatever takes the attachment away."""
    await work.execute("delete from task_attachments where tenant_id = $1 and id = $2", tenant_id, attachment_id)


async def announce(work: Work, tenant_id: UUID, attachment_id: UUID, size: int, now: datetime) -> None:
    """An object is about to be stored: a leftover of `size` counted bytes until an attachment refers to it."""
    await work.execute(
        "insert into attachment_leftovers (id, tenant_id, size, since) values ($1, $2, $3, $4)",
        attachment_id,
        tenant_id,
        size,
        now,
    )


async def claim(work: Work, tenant_id: UUID, attachment_id: UUID) -> bool:
    """The announced object is one no longer; False where it was swept meanwhile."""
    statement = "delete from attachment_leftovers where tenant_id = $1 and id = $2"
    return await work.execute(statement, tenant_id, attachment_id) == 1


async def lock_oldest_leftover(work: Work, before: datetime) -> Leftover | None:
    """In system work: of those that no other transaction has locked."""
    row = await work.row(
        """
        select id, tenant_id, size from attachment_leftovers where since < $1
        order by since limit 1 for update skip locked
        """,
        before,
    )
    return Leftover(**row) if row else None


async def lock_leftover(work: Work, tenant_id: UUID, attachment_id: UUID) -> Leftover | None:
    select = "select id, tenant_id, size from attachment_leftovers where tenant_id = $1 and id = $2 for update"
    row = await work.row(select, tenant_id, attachment_id)
    return Leftover(**row) if row else None


async def forget(work: Work, leftover: Leftover) -> None:
    await work.execute(
        "delete from attachment_leftovers where tenant_id = $1 and id = $2", leftover.tenant_id, leftover.id
    )
