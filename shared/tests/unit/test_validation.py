"""Reading bodies and queries: every wrong field is named, hostile input is refused, nothing crashes."""

from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec import UNSET, Meta, UnsetType

from shared.errors import BadRequest, MalformedJson, ValidationFailed
from shared.http.json_limits import MAX_DEPTH
from shared.http.patch import changes
from shared.http.validation import read_body, read_query
from shared.pagination import PageQuery
from shared.wire_enum import WireEnum


class Colour(WireEnum):
    RED = "red"
    BLUE = "blue"


class Item(msgspec.Struct, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=1, le=9)]


class Sample(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=5)]
    colour: Colour = Colour.RED
    owner_id: UUID | None = None
    due_at: datetime | None = None
    items: list[Item] = []
    extra: dict[str, Any] = {}
    sizes: dict[str, Annotated[int, Meta(ge=1)]] = {}


class Patch(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: str | UnsetType = UNSET
    note: str | UnsetType | None = UNSET


def codes(body: bytes) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as failure:
        read_body(body, Sample)
    return {field.path: field.code for field in failure.value.fields}


def test_a_right_body_becomes_its_type():
    sample = read_body(b'{"name": "abc", "colour": "BLUE", "items": [{"count": 2}]}', Sample)

    assert (sample.name, sample.colour, sample.items[0].count) == ("abc", Colour.BLUE, 2)


def test_all_wrong_fields_are_named_at_once():
    items = b'[{"count": 1}, {"count": 0}, {"cuont": 1}]'
    body = b'{"colour": "green", "owner_id": "x", "due_at": 3, "items": %s, "z": 1}' % items

    assert codes(body) == {
        "name": "required",
        "colour": "invalid_choice",
        "owner_id": "invalid_format",
        "due_at": "wrong_type",
        "items.1.count": "out_of_range",
        "items.2.count": "required",
        "items.2.cuont": "unknown",
        "z": "unknown",
    }


@pytest.mark.parametrize(("name", "code"), [('""', "too_short"), ('"abcdef"', "too_long"), ("1", "wrong_type")])
def test_a_bound_that_is_broken_has_its_own_code(name: str, code: str):
    assert codes(b'{"name": %s}' % name.encode()) == {"name": code}


def test_a_wrong_value_of_a_map_is_named_by_its_key():
    found = codes(b'{"name": "abc", "sizes": {"shoe": "38", "hat": 0, "ring": 7}}')

    assert found == {"sizes.shoe": "wrong_type", "sizes.hat": "out_of_range"}


def test_a_body_that_is_no_object_is_a_wrong_body():
    assert codes(b"[]") == {"body": "wrong_type"}


def test_an_empty_body_lacks_its_required_fields():
    assert codes(b"") == {"name": "required"}


@pytest.mark.parametrize("body", [b"{", b'"\xff"', b'"\\ud800"', b"NaN", b"{'a': 1}", b"[" * 100_000])
def test_what_is_not_json_is_refused_as_such(body: bytes):
    with pytest.raises(MalformedJson):
        read_body(body, Sample)


def test_nul_is_refused_wherever_it_hides():
    assert codes(b'{"name": "a\\u0000", "extra": {"k": ["\\u0000"], "b\\u0000": 1}}') == {
        "name": "invalid_format",
        "extra.k.0": "invalid_format",
        "extra.b\x00": "invalid_format",
    }


def test_an_escaped_backslash_before_u0000_is_ordinary_text():
    assert read_body(b'{"name": "a", "extra": {"k": "\\\\u0000"}}', Sample).extra == {"k": "\\u0000"}


def test_nesting_has_a_limit():
    deep = b'{"name": "a", "extra": {"k": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}}"

    with pytest.raises(MalformedJson, match="nested"):
        read_body(deep, Sample)


def test_many_brackets_side_by_side_are_not_deep():
    flat = b'{"name": "a", "extra": {"k": [' + b",".join([b"[]"] * 200) + b"]}}"

    assert len(read_body(flat, Sample).extra["k"]) == 200


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_any_value_in_any_field_is_read_or_refused(value: object):
    for name in ("name", "colour", "owner_id", "due_at", "items", "extra"):
        body = msgspec.json.encode({"name": "abc", name: value})
        with suppress(ValidationFailed, MalformedJson):
            read_body(body, Sample)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes):
    with suppress(ValidationFailed, MalformedJson):
        read_body(body, Sample)


def test_a_patch_tells_absent_from_null():
    assert changes(read_body(b'{"note": null}', Patch)) == {"note": None}


def test_a_query_is_read_with_its_types():
    query = read_query("page=3&limit=7&include_total=false", PageQuery)

    assert (query.page, query.size, query.include_total, query.offset) == (3, 7, False, 14)


@pytest.mark.parametrize(
    ("query", "path", "code"),
    [
        ("page=0", "query.page", "out_of_range"),
        ("page_size=101", "query.page_size", "out_of_range"),
        ("page=x", "query.page", "wrong_type"),
        ("page=1&page=2", "query.page", "repeated"),
        ("cursor=%00", "query.cursor", "invalid_format"),
    ],
)
def test_a_wrong_query_names_its_field(query: str, path: str, code: str):
    with pytest.raises(ValidationFailed) as failure:
        read_query(query, PageQuery)

    assert [(field.path, field.code) for field in failure.value.fields] == [(path, code)]


@pytest.mark.parametrize("query", ["a=%ff", "&".join(f"a{n}=1" for n in range(200))])
def test_a_query_that_cannot_be_decoded_is_a_bad_request(query: str):
    with pytest.raises(BadRequest):
        read_query(query, PageQuery)
