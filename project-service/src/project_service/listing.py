"""SQL of lists: numbered arguments, and pages that begin behind the last item of the page before.

Sort keys are plain columns. Row-level security lets the planner use an index only for conditions that cannot leak
what they compare, and an expression such as `lower(name)` is not one: such keys are stored, generated columns.
"""

# ruff: noqa: S608 - statements are put together from constants and numbered placeholders

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.pagination import (
    PageOf,
    PageQuery,
    PageTooLarge,
    Sort,
    decode_cursor,
    encode_cursor,
    ended_early,
    is_short,
    read_sort,
    within_page_bytes,
)

T = TypeVar("T")
CONVERTED_AT_ONCE = 1000  # rows, in about five milliseconds
SmallInt = Annotated[int, msgspec.Meta(ge=-(2**15), lt=2**15)]
Int = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
"""What columns of these types hold: a place behind anything else cannot be asked for."""


class Arguments(list[object]):
    """The arguments of one statement, in the order of their placeholders."""

    def add(self, value: object) -> str:
        """The placeholder (`$3`) that stands for `value`."""
        self.append(value)
        return f"${len(self)}"


class SortKey(NamedTuple):
    """A column that an index sorts by, together with `id`, and the type its values have in a cursor."""

    column: str
    type: Any


class Window(NamedTuple):
    """The tail of a list's statement. `condition` begins with `and`, or is empty; `order` ends with the limit."""

    sort_column: str
    condition: str
    order: str


def window(query: PageQuery, sort: str, keys: Mapping[str, SortKey], alias: str, arguments: Arguments) -> Window:
    """One row more than the page holds tells whether another page follows."""
    order = read_sort(sort, list(keys))
    column = f"{alias}.{keys[order.field].column}"
    direction = "desc" if order.is_descending else "asc"
    condition = _behind(query.cursor, order, keys[order.field], alias, arguments) if query.cursor else ""
    tail = f"order by {column} {direction}, {alias}.id {direction} limit {arguments.add(query.size + 1)}"
    if query.offset:
        tail += f" offset {arguments.add(query.offset)}"
    return Window(column, condition, tail)


async def select_page(
    work: Work, query: PageQuery, statement: str, arguments: Sequence[object]
) -> list[dict[str, Any]]:
    """The rows of a `statement` with a column `bytes`, as many as fit into one answer. It ends as its window does.

    Raises PageTooLarge where page numbers would skip what does not fit.
    """
    bounded = within_page_bytes(statement)
    rows = await work.rows(bounded, *arguments)
    if query.offset and is_short(rows, query.size):
        raise PageTooLarge
    if query.offset == query.size and await _is_first_page_short(work, query, bounded, arguments):
        raise PageTooLarge
    return rows


async def _is_first_page_short(work: Work, query: PageQuery, bounded: str, arguments: Sequence[object]) -> bool:
    """Reads neither the rows nor their total: PostgreSQL leaves out the columns that are not asked for."""
    statement = f"select count(*) as fitting, coalesce(max(found), 0) as found from ({bounded}) first"
    [first] = await work.rows(statement, *arguments[:-1], 0)  # the offset is the last argument
    return bool(first["fitting"] < min(first["found"], query.size))


class Rows(NamedTuple):
    """What a page was made of; `total` is None where nobody asked for it."""

    rows: list[dict[str, Any]]
    total: int | None


async def fetch_page(
    work: Work,
    query: PageQuery,
    sort: str,
    keys: Mapping[str, SortKey],
    alias: str,
    *,
    columns: str,
    tables: str,
    condition: str,
    arguments: Arguments,
    details: str = "",
    size: str = "",
) -> Rows:
    """One statement, and a second one for the total of an empty page. `details` are joins that only `columns` need.

    `size` is SQL for the bytes of a row, where a hundred of them may be too much for one answer. Raises PageTooLarge.
    """
    counted = f"select count(*) as total from {tables} where {condition}"
    counting = tuple(arguments)
    page = window(query, sort, keys, alias, arguments)
    total = f"({counted})" if query.include_total else "null::bigint"
    statement = f"""
        select {columns}, {page.sort_column} as sort_key, {total} as total{f", {size} as bytes" if size else ""}
        from {tables} {details} where {condition} {page.condition} {page.order}
    """
    rows = await (select_page(work, query, statement, arguments) if size else work.rows(statement, *arguments))
    if not query.include_total:
        return Rows(rows, None)
    counts = rows or await work.rows(counted, *counting)
    return Rows(rows, counts[0]["total"])


def page_of(
    query: PageQuery, sort: str, rows: Sequence[Mapping[str, Any]], items: Sequence[T], total: int | None
) -> PageOf[T]:
    """`rows` are what the statement gave, `items` the same as they are answered; each row has `sort_key` and `id`."""
    has_more = len(rows) > query.size or ended_early(rows)
    last = rows[: query.size][-1] if has_more else None
    return PageOf(
        items=items[: query.size],
        total=total,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(sort, last["sort_key"], last["id"]) if last else None,
    )


def _behind(cursor: str, order: Sort, key: SortKey, alias: str, arguments: Arguments) -> str:
    sort, value, item_id = decode_cursor(cursor, tuple[str, key.type, UUID])  # type: ignore[name-defined]
    if sort != _text_of(order):
        raise ValidationFailed([FieldError("query.cursor", "invalid", "This cursor belongs to another order.")])
    comparison = "<" if order.is_descending else ">"
    return f"and ({alias}.{key.column}, {alias}.id) {comparison} ({arguments.add(value)}, {arguments.add(item_id)})"


def _text_of(order: Sort) -> str:
    return f"-{order.field}" if order.is_descending else order.field


async def converted(rows: Sequence[Mapping[str, Any]], kind: type[T]) -> list[T]:
    """Of many rows: a portion at a time, between which others have their turn."""
    found: list[T] = []
    for start in range(0, len(rows), CONVERTED_AT_ONCE):
        portion = rows[start : start + CONVERTED_AT_ONCE]
        found += [msgspec.convert(row, kind) for row in portion]
        await asyncio.sleep(0)
    return found
