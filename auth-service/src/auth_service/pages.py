"""Lists in the order in which their things were made: ids (UUIDv7) sort by time, so a cursor is the last id shown."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from shared.pagination import PageOf, PageQuery, decode_cursor, encode_cursor


class HasId(Protocol):
    @property
    def id(self) -> UUID: ...


T = TypeVar("T", bound=HasId)


def last_id(query: PageQuery) -> UUID | None:
    """Behind which id the page begins. Raises ValidationFailed."""
    return decode_cursor(query.cursor, tuple[UUID])[0] if query.cursor else None


def page_by_id(query: PageQuery, found: Sequence[T], total: int | None) -> PageOf[T]:
    """`found` is one more than fits on the page when another page follows."""
    items = found[: query.size]
    return PageOf(
        items=items,
        total=total,
        page=query.page,
        page_size=query.size,
        next_cursor=encode_cursor(items[-1].id) if len(found) > query.size else None,
    )
