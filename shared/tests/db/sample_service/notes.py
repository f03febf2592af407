"""What the tests do with notes."""

from typing import Any
from uuid import UUID

from shared.db.unit_of_work import Work
from shared.events.envelope import Event, LiveEvent
from shared.ids import new_id


class NoteAdded(Event, frozen=True, kw_only=True):
    type = "sample.note.added"
    live = LiveEvent.ADDED
    note_id: UUID
    writer: int = 0
    number: int = 0


async def add_note(work: Work, title: str = "", **columns: Any) -> dict[str, Any]:
    note_id = new_id()
    [row] = await work.rows(
        "insert into notes (id, tenant_id, title, parent_id) values ($1, $2, $3, $4) returning *",
        note_id,
        columns.get("tenant_id", work.tenant_id),
        title or str(note_id),
        columns.get("parent_id"),
    )
    return row


async def titles(work: Work) -> list[str]:
    return [row["title"] for row in await work.rows("select title from notes order by title")]
