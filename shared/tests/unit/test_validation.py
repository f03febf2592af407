"""Reading bodies and queries: every wrong field is named, hostile input is refused, nothing crashes."""

import json
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, strategies as st
from msgspec import UNSET, Meta, UnsetType

from shared.errors import MAX_PATH, MAX_REPORTED, BadRequest, FieldError, MalformedJson, ValidationFailed
from shared.http.envelope import error_body
from shared.http.json_limits import MAX_DEPTH
from shared.http.patch import changes
from shared.http.validation import read_body, read_query
from shared.http.wrong_fields import MAX_VISITED
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


class Wide(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One of each kind of thing that can be looked into."""

    ids: Annotated[list[UUID], Meta(max_length=3)] = []
    pair: tuple[int, str] | None = None
    words: Annotated[tuple[Annotated[str, Meta(max_length=3)], ...], Meta(min_length=1)] | UnsetType = UNSET
    sizes: Annotated[dict[Annotated[str, Meta(max_length=3)], Annotated[int, Meta(ge=1)]], Meta(max_length=2)] = {}
    numbers: list[int] | None = None
    item: Item | UnsetType | None = UNSET
    rows: list[list[Item]] = []
    either: int | Annotated[list[int], Meta(max_length=1)] | str = 0
    side: Literal["left", "right"] = "left"
    anything: Any = None


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


def wide_codes(body: object) -> dict[str, str]:
    with pytest.raises(ValidationFailed) as failure:
        read_body(msgspec.json.encode(body), Wide)
    return {field.path: field.code for field in failure.value.fields}


def test_a_wrong_length_is_named_instead_of_what_is_in_it():
    body = {"ids": [0] * 4, "words": [], "sizes": {"a": 0, "b": 0, "c": 0}, "either": ["x", "x"]}

    assert wide_codes(body) == {"ids": "too_long", "words": "too_short", "sizes": "too_long", "either": "too_long"}


def test_every_kind_of_value_is_looked_into():
    body = {
        "ids": ["x"],
        "pair": [1, 2],
        "words": ["abc", "abcd"],
        "sizes": {"abcd": 1},
        "numbers": [1, "x"],
        "item": {"count": 0},
        "rows": [[{"count": 1}], [{"count": 0}, {}]],
        "either": ["x"],
        "side": "up",
        "anything": {"x": [1]},
    }

    assert wide_codes(body) == {
        "ids.0": "invalid_format",
        "pair": "wrong_type",
        "words.1": "too_long",
        "sizes.abcd": "too_long",
        "numbers.1": "wrong_type",
        "item.count": "out_of_range",
        "rows.1.0.count": "out_of_range",
        "rows.1.1.count": "required",
        "either.0": "wrong_type",
        "side": "invalid_choice",
    }


def test_messages_say_what_would_be_right():
    with pytest.raises(ValidationFailed) as failure:
        read_body(b'{"ids": [0, 0, 0, 0], "side": "up", "z": 1}', Wide)

    assert [tuple(field) for field in failure.value.fields] == [
        ("ids", "too_long", "Expected `array` of length <= 3"),
        ("side", "invalid_choice", "Choose one of: left, right."),
        ("z", "unknown", "There is no such field here."),
    ]


def test_at_most_a_hundred_errors_are_reported():
    body = {"name": "abc", "items": [{"count": 0}] * 500, **{f"z{number}": 1 for number in range(500)}}

    with pytest.raises(ValidationFailed) as failure:
        read_body(msgspec.json.encode(body), Sample)

    assert len(failure.value.fields) == MAX_REPORTED


def test_a_wrong_value_behind_many_right_ones_is_named_as_the_parser_found_it():
    body = {"name": "abc", "items": [{"count": 1}] * (MAX_VISITED + 1) + [{"count": 0}]}

    with pytest.raises(ValidationFailed) as failure:
        read_body(msgspec.json.encode(body), Sample)

    assert [(field.path, field.code) for field in failure.value.fields] == [
        (f"items.{MAX_VISITED + 1}.count", "out_of_range")
    ]


@pytest.mark.parametrize("letter", ["k", "\u00e9", "\U0001f389", "\x01", '"'])
def test_a_report_is_bounded_whatever_the_caller_names_things(letter: str):
    body = {letter * 20_000 + str(number): 1 for number in range(40)}

    with pytest.raises(ValidationFailed) as failure:
        read_body(msgspec.json.encode(body), Sample)

    assert all(len(field.path) <= MAX_PATH for field in failure.value.fields)
    assert len(error_body(failure.value, "0" * 32)) <= 64 * 1024


def test_a_report_of_long_errors_has_at_least_one():
    error = ValidationFailed([FieldError("p" * 10**6, "invalid", "m" * 10**6)] * 200)

    assert 1 <= len(error.fields) <= MAX_REPORTED
    assert len(error_body(error, "0" * 32)) <= 64 * 1024


@contextmanager
def at_most(*, seconds: float, mib: int) -> Iterator[None]:
    """Of this thread's own time, and of memory at one moment."""
    tracemalloc.start()
    started = time.thread_time()
    try:
        yield
        used, (_, peak) = time.thread_time() - started, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used <= seconds
    assert peak <= mib * 2**20


HOSTILE = {
    "half a million wrong elements": b'{"items": [' + b",".join([b"0"] * 500_000) + b"]}",
    "half a million elements too many": b'{"ids": [' + b",".join([b"0"] * 500_000) + b"]}",
    "many unknown fields": b"{" + b",".join(b'"k%d": 1' % number for number in range(90_000)) + b"}",
    "a long name over a long list": b'{"extra": {"%b": [%b], "z": "\\u0000"}}'
    % (b"k" * 50_000, b",".join([b"0"] * 25_000)),
    "many texts and one NUL": b'{"extra": [%b, "\\u0000"]}' % b",".join([b'""'] * 300_000),
    "extreme numbers": b'{"extra": [%b]}' % b",".join([b"1e308"] * 150_000),
    "empty arrays": b'{"extra": [%b]}' % b",".join([b"[]"] * 300_000),
    "opening brackets": b"[" * 2**20,
    "quotes": b'"' * 2**20,
    "backslashes": b'{"name": "%b"}' % (b"\\\\" * 2**19),
    "a long number": b'{"extra": %b}' % (b"9" * 2**20),
}


@pytest.mark.parametrize("shape", [Sample, Wide])
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_no_body_of_a_mebibyte_costs_much(body: bytes, shape: type[msgspec.Struct]):
    with at_most(seconds=1.0, mib=64), pytest.raises((ValidationFailed, MalformedJson)):  # 4 to 30 s before
        read_body(body, shape)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10)
    | st.text(max_size=5)
    | st.just("0190a5c8-7d3e-7c3a-8f00-000000000000"),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
        | st.fixed_dictionaries({}, optional={"count": inner, "x": inner})
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*Wide.__struct_fields__, "z"]), JSON_VALUES))
def test_a_body_is_wrong_exactly_where_the_parser_says_so(body: dict[str, Any]):
    try:
        msgspec.convert(body, Wide)
    except msgspec.ValidationError:
        with pytest.raises(ValidationFailed) as failure:
            read_body(json.dumps(body).encode(), Wide)
        assert 1 <= len(failure.value.fields) <= MAX_REPORTED
        assert {field.path.partition(".")[0] for field in failure.value.fields} == set(_wrong_names(body))
    else:
        with suppress(ValidationFailed):  # NUL
            assert read_body(json.dumps(body).encode(), Wide) == msgspec.convert(body, Wide)


def _wrong_names(body: dict[str, Any]) -> Iterator[str]:
    for name, value in body.items():
        try:
            msgspec.convert({name: value}, Wide)
        except msgspec.ValidationError:
            yield name


def test_a_body_that_is_no_object_is_a_wrong_body():
    assert codes(b"[]") == {"body": "wrong_type"}


def test_an_empty_body_lacks_its_required_fields():
    assert codes(b"") == {"name": "required"}


@pytest.mark.parametrize(
    "body", [b'{"extra": %b}' % (b"9" * 5000), b"{", b'"\xff"', b'"\\ud800"', b"NaN", b"{'a': 1}", b"[" * 100_000]
)
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
