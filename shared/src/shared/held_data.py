"""What a service holds about a person, for the export of their data: sections of rows, told page by page."""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from shared.db.databases import Database
from shared.db.unit_of_work import Work
from shared.events.questions import HeldAbout, HeldPage
from shared.pagination import decode_cursor, encode_cursor

PAGE_ROWS = 500
PAGE_BYTES = 1024 * 1024  # of JSON; a row that is longer is a page of its own
STEP_ROWS = 16  # read at once: the database makes JSON of no more than these before it measures them
_BEFORE_ALL = UUID(int=0)


class Section(NamedTuple):
    """`rows` is a query for `held` (a JSON object as text), and `id` and `number`, by which they are ordered.

    Its arguments: the tenant, the user, the id and the number behind which to begin, and how many rows there may be.
    """

    name: str
    rows: str


def table_section(name: str, table: str, columns: str, *, whose: str) -> Section:
    """Rows of a table with an `id`; `whose` is the column that names the user."""
    return Section(
        name,
        f"""
        select row_to_json(told)::text as held, told.id, 0 as number
        from (
            select {columns} from {table}
            where tenant_id = $1 and {whose} = $2 and (id, 0) > ($3::uuid, $4::int) order by id limit $5
        ) told
        """,
    )


class HeldData:
    def __init__(self, database: Database, sections: Sequence[Section]) -> None:
        self._database = database
        self._sections = sections

    async def answer(self, asked: HeldAbout) -> HeldPage:
        place, last_id, last_number = _position(asked.after)
        section = self._sections[place]
        async with self._database.unit_of_work(asked.tenant_id) as work:
            rows = await _page(work, asked, section, (last_id, last_number))
        following = None
        if rows:
            following = encode_cursor(place, rows[-1]["id"], rows[-1]["number"])
        elif place + 1 < len(self._sections):
            following = encode_cursor(place + 1, _BEFORE_ALL, 0)
        return HeldPage(section.name, [msgspec.Raw(row["held"].encode()) for row in rows], following)


async def _page(work: Work, asked: HeldAbout, section: Section, behind: tuple[UUID, int]) -> list[dict[str, Any]]:
    statement = _BOUNDED.format(rows=section.rows)
    rows: list[dict[str, Any]] = []
    room = PAGE_BYTES
    while room > 0 and len(rows) < PAGE_ROWS:
        step = await work.rows(statement, asked.tenant_id, asked.user_id, *behind, STEP_ROWS, room)
        if not step:
            break
        rows += step
        room -= sum(row["size"] for row in step)
        behind = (step[-1]["id"], step[-1]["number"])
    return rows


def _position(after: str | None) -> tuple[int, UUID, int]:
    return (0, _BEFORE_ALL, 0) if after is None else decode_cursor(after, tuple[int, UUID, int])


_BOUNDED = """
select held, id, number, size from (
    select held, id, number, octet_length(held) as size,
           sum(octet_length(held)) over (order by id, number) - octet_length(held) as bytes_before
    from ({rows}) found
) measured
where bytes_before < $6 order by id, number
"""
