"""Lists in pages: by number (`page`, `page_size`) or by cursor, which costs the same at any depth.

A page ends early when its rows have more than PAGE_BYTES; `next_cursor` goes on exactly there. Page numbers count
items, so behind a page that ended early they would skip some: such a page can only be the first one, and a page behind
it, or a later one that is too large itself, is refused with PageTooLarge.
"""

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import msgspec

from shared.errors import FieldError, Unprocessable, ValidationFailed

T = TypeVar("T")
MAX_PAGE = 1_000_000  # keeps offset arithmetic far from the end of bigint
_LARGEST = 2**63 - 1  # a bigint
_EARLIEST, _LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)

PAGE_BYTES = 2 * 1024 * 1024
"""Of the large columns of a page's rows, as they are stored. One item is answered whatever it has."""

PageNumber = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]


SortText = Annotated[str, msgspec.Meta(max_length=50)]
"""The name of a sort order, with `-` in front for the descending one."""


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """The list parameters of every collection; a route's own query type adds its filters and its `sort`.

    A list with other bounds overrides `page_size` and `limit` with their types, and `default_size`.
    """

    default_size: ClassVar[int] = 20

    page: PageNumber = 1
    page_size: PageSize | None = None
    limit: PageSize | None = None
    """An alias of `page_size`."""
    cursor: Annotated[str, msgspec.Meta(max_length=1024)] | None = None
    include_total: bool = True

    @property
    def size(self) -> int:
        return self.page_size or self.limit or self.default_size

    @property
    def offset(self) -> int:
        return 0 if self.cursor else (self.page - 1) * self.size


class PageOf(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page as it is answered. `total` is null when the count was skipped.

    Fewer items than `page_size` with a `next_cursor`: the page has all the bytes it may have, and goes on there.
    """

    items: Sequence[T]
    total: int | None
    page: int
    page_size: int
    next_cursor: str | None
    meta: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Sort(msgspec.Struct, frozen=True):
    field: str
    is_descending: bool


class PageTooLarge(Unprocessable):
    code = "PAGE_TOO_LARGE"
    message = "This page, or the first one, has more bytes than one answer may have: page numbers would skip items."
    remedy = "Begin without `page` and follow next_cursor, or ask for fewer items with page_size."

    def __init__(self) -> None:
        super().__init__(details={"limit_bytes": PAGE_BYTES})


def within_page_bytes(statement: str) -> str:
    """The first rows of an ordered `statement`, whose column `bytes` is how much a row has; what follows stays behind.

    `found` says how many rows there were. Columns that are stored apart are not read for rows that stay behind.
    """
    return f"""
        select * from (
            select whole.*, count(*) over () as found,
                   sum(whole.bytes) over (rows unbounded preceding) - whole.bytes as bytes_before
            from ({statement}) whole
        ) measured where bytes_before < {PAGE_BYTES}
    """  # noqa: S608 - made of the caller's constants


def ended_early(rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether `within_page_bytes` left some out."""
    return bool(rows) and rows[0].get("found", 0) > len(rows)


def is_short(rows: Sequence[Mapping[str, Any]], size: int) -> bool:
    """Whether a page of `size` is shorter than it would be without them."""
    return ended_early(rows) and len(rows) < size


def read_sort(text: str, allowed: Sequence[str]) -> Sort:
    """`-updated_at` or `title`. Raises ValidationFailed for a field outside `allowed`."""
    name = text.removeprefix("-")
    if name not in allowed:
        raise ValidationFailed([FieldError("query.sort", "invalid", f"Sort by one of: {', '.join(allowed)}.")])
    return Sort(name, text.startswith("-"))


def encode_cursor(*position: Any) -> str:
    """An opaque, URL-safe name for a place in a sorted list: the sort key of its last item."""
    return base64.urlsafe_b64encode(msgspec.json.encode(position)).rstrip(b"=").decode()


def decode_cursor(cursor: str, shape: type[T]) -> T:
    """The position as `shape` (a tuple type). Raises ValidationFailed when the cursor is not one of ours."""
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        position = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=shape)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise _not_ours() from error
    if not all(_can_be_stored(value) for value in position):  # type: ignore[attr-defined] # a tuple
        raise _not_ours()
    return position


def _not_ours() -> ValidationFailed:
    return ValidationFailed([FieldError("query.cursor", "invalid", "This is not a cursor of this list.")])


def _can_be_stored(value: Any) -> bool:
    """Whether a column can hold it: nothing else ever was the place of a row."""
    if isinstance(value, str):
        return "\x00" not in value
    if isinstance(value, datetime):
        return value.tzinfo is not None and _EARLIEST <= value <= _LATEST
    return not isinstance(value, int) or abs(value) <= _LARGEST
