"""Pages of a list: where they begin, and what names the next one."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from project_service.listing import Arguments, Int, SmallInt, SortKey, page_of, window
from shared.errors import ValidationFailed
from shared.ids import new_id
from shared.pagination import PageQuery, encode_cursor

KEYS = {
    "position": SortKey("position", float),
    "title": SortKey("title_key", str),
    "made": SortKey("created_at", datetime),
    "rank": SortKey("rank", SmallInt),
    "number": SortKey("number", Int),
}


def row(number: int) -> dict[str, object]:
    return {"id": UUID(int=number), "sort_key": float(number)}


def test_the_next_page_begins_behind_the_last_item() -> None:
    rows = [row(1), row(2), row(3)]
    first = page_of(PageQuery(page_size=2), "position", rows, rows, 3)
    arguments = Arguments()

    tail = window(PageQuery(page_size=2, cursor=first.next_cursor), "position", KEYS, "t", arguments)

    assert first.items == rows[:2]
    assert tail.condition == "and (t.position, t.id) > ($1, $2)"
    assert arguments == [2.0, UUID(int=2), 3]


def test_the_last_page_has_no_next() -> None:
    rows = [row(1), row(2)]

    assert page_of(PageQuery(page_size=2), "position", rows, rows, 2).next_cursor is None


def test_a_numbered_page_skips_what_comes_before() -> None:
    arguments = Arguments()

    tail = window(PageQuery(page=3, page_size=10), "-position", KEYS, "t", arguments)

    assert tail.order == "order by t.position desc, t.id desc limit $1 offset $2"
    assert arguments == [11, 20]


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "é",
        encode_cursor(),
        encode_cursor("-position", 1.0, new_id()),
        encode_cursor("position", "1", new_id()),
        encode_cursor("position", 1.0, "no id"),
    ],
    ids=["no base64", "no ascii", "no row", "other order", "other type", "no id"],
)
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    with pytest.raises(ValidationFailed):
        window(PageQuery(cursor=cursor), "position", KEYS, "t", Arguments())


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        ("title", "a\x00"),
        ("made", "0001-01-01T00:00:00+14:00"),
        ("made", "9999-12-31T23:59:59-14:00"),
        ("made", "2030-01-01T00:00:00"),
        ("rank", 2**15),
        ("number", -(2**31) - 1),
    ],
)
def test_a_cursor_that_no_row_can_have_is_refused(sort: str, value: Any) -> None:
    cursor = encode_cursor(sort, value, new_id())

    with pytest.raises(ValidationFailed):
        window(PageQuery(cursor=cursor), sort, KEYS, "t", Arguments())
