"""Pages of what is numbered from 1 without gaps: each begins at a number, however deep it is, and counts nothing.

A page that has too many bytes ends early, as `shared.pagination` tells.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import auto
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec

from shared.db.unit_of_work import Work
from shared.errors import FieldError, ValidationFailed
from shared.pagination import PageOf, PageTooLarge, decode_cursor, encode_cursor, is_short
from shared.wire_enum import WireEnum

T = TypeVar("T")
DEFAULT_PAGE_SIZE = 50
LAST_NUMBER = 2**31 - 1_000  # leaves room for a page
PageNumber = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=200)]


class Order(WireEnum):
    """Oldest first, or newest first."""

    ASC = auto()
    DESC = auto()


class NumberedQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Longer pages than other lists have; begins at `page`, behind `cursor`, or after `offset` of them."""

    page: PageNumber = 1
    page_size: PageSize | None = None
    limit: PageSize | None = None
    """An alias of `page_size`."""
    offset: Annotated[int, msgspec.Meta(ge=0, le=200_000_000)] | None = None
    cursor: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    order: Order = Order.ASC
    include_total: bool = True

    @property
    def size(self) -> int:
        return self.page_size or self.limit or DEFAULT_PAGE_SIZE

    @property
    def skipped(self) -> int:
        """How many come before the page, where it has no cursor."""
        return (self.page - 1) * self.size if self.offset is None else self.offset


class Span(NamedTuple):
    """The numbers on a page, lowest first; empty when `last` is less than `first`."""

    first: int
    last: int


def span_of(query: NumberedQuery, count: int) -> Span:
    """Raises ValidationFailed for a cursor of something else."""
    if query.order is Order.ASC:
        before = query.skipped if query.cursor is None else _position(query.cursor, query.order)
        return Span(before + 1, min(before + query.size, count))
    last = count - query.skipped if query.cursor is None else _position(query.cursor, query.order) - 1
    return Span(max(last - query.size + 1, 1), min(last, count))


class BoundedStatement(NamedTuple):
    """Reads a span in the order of the query, as `within_page_bytes` bounds it."""

    sql: str
    arguments: tuple[object, ...]


class NumberedRows(NamedTuple):
    """`span` is what the rows cover."""

    rows: Sequence[Mapping[str, Any]]
    span: Span


async def read_span(
    work: Work, query: NumberedQuery, count: int, statement_of: Callable[[Span], BoundedStatement]
) -> NumberedRows:
    """Raises ValidationFailed for a cursor of something else, PageTooLarge where numbers would skip items."""
    span = span_of(query, count)
    statement = statement_of(span)
    rows = await work.rows(statement.sql, *statement.arguments)
    is_by_number = query.cursor is None and query.skipped > 0
    if is_by_number and is_short(rows, query.size):
        raise PageTooLarge
    if is_by_number and query.skipped <= query.size:
        first = msgspec.structs.replace(query, page=1, offset=None, page_size=query.skipped, limit=None)
        if not await _is_within_page(work, statement_of, span_of(first, count)):
            raise PageTooLarge
    return NumberedRows(rows, _covered(span, len(rows), query.order))


async def _is_within_page(work: Work, statement_of: Callable[[Span], BoundedStatement], span: Span) -> bool:
    """Whether the page before has all of its span. Only counts: columns that are not asked for are not read."""
    statement = statement_of(span)
    counting = f"select count(*) as number from ({statement.sql}) page"  # noqa: S608 - made of constants
    [row] = await work.rows(counting, *statement.arguments)
    return bool(row["number"] > span.last - span.first)


def _covered(span: Span, length: int, order: Order) -> Span:
    if order is Order.ASC:
        return Span(span.first, span.first + length - 1)
    return Span(span.last - length + 1, span.last)


def page_of(items: Sequence[T], query: NumberedQuery, span: Span, count: int) -> PageOf[T]:
    """`items` are those of `span`, in the order of the query."""
    return PageOf(
        items=items,
        total=count if query.include_total else None,
        page=query.skipped // query.size + 1,
        page_size=query.size,
        next_cursor=_next_cursor(query.order, span, count),
    )


def _position(cursor: str, order: Order) -> int:
    """The number of the last one on the page before."""
    named, number = decode_cursor(cursor, tuple[Order, int])
    if named is not order:
        raise ValidationFailed([FieldError("query.cursor", "invalid", "This cursor belongs to another order.")])
    return min(max(number, 0), LAST_NUMBER)


def _next_cursor(order: Order, span: Span, count: int) -> str | None:
    if order is Order.ASC:
        return encode_cursor(order, span.last) if span.first <= span.last < count else None
    return encode_cursor(order, span.first) if 1 < span.first <= span.last else None
