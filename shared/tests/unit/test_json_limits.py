"""What a body may hold is counted before it is parsed, whatever stands in its strings."""

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.errors import MalformedJson, TesseraError, ValidationFailed
from shared.http import json_limits
from shared.http.json_limits import (
    MAX_CONTAINERS,
    MAX_DEPTH,
    MAX_ESCAPES,
    MAX_EXTREME_NUMBERS,
    MAX_NAMES,
    MAX_VALUES,
    require_modest,
)

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
MIB = 1024 * 1024
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a\\"[]{},:e100\n\u00e9'),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(alphabet='k\\"[{,:'), inner),
    max_leaves=20,
)


def repeated(value: bytes, times: int) -> bytes:
    return b"[" + b",".join([value] * times) + b"]"


def outside(text: bytes) -> bytes:
    return b"".join(piece for piece, _ in json_limits._without_strings(text))


def depth_of(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(depth_of, parts), default=0)


@pytest.mark.parametrize(
    ("value", "limit", "message"),
    [
        (b"[]", MAX_CONTAINERS - 1, "arrays and objects"),
        (b"{}", MAX_CONTAINERS - 1, "arrays and objects"),
        (b"0", MAX_VALUES + 1, "values"),
        (b"1e308", MAX_EXTREME_NUMBERS, "numbers"),
        (b"1E-0000308", MAX_EXTREME_NUMBERS, "numbers"),
        (b"1.5e+300", MAX_EXTREME_NUMBERS, "numbers"),
        (b"0." + b"1" * 200, MAX_EXTREME_NUMBERS, "numbers"),
    ],
)
def test_a_body_at_the_limit_passes_and_one_value_more_does_not(value: bytes, limit: int, message: str):
    require_modest(repeated(value, limit))

    with pytest.raises(ValidationFailed) as failure:
        require_modest(repeated(value, limit + 1))

    assert (failure.value.fields[0].path, failure.value.fields[0].code) == ("body", "too_long")
    assert message in failure.value.fields[0].message


def test_members_of_objects_have_a_limit_of_their_own():
    require_modest(b"{" + b",".join([b'"a":0'] * MAX_NAMES) + b"}")

    with pytest.raises(ValidationFailed, match="Some fields"):
        require_modest(b"{" + b",".join([b'"a":0'] * (MAX_NAMES + 1)) + b"}")


@pytest.mark.parametrize("escape", [rb"\\", rb"\"", rb"\n", rb"\u0041"])
def test_escapes_have_a_limit(escape: bytes):
    require_modest(b'{"content": "%b"}' % (escape * MAX_ESCAPES))

    with pytest.raises(ValidationFailed):
        require_modest(b'{"content": "%b"}' % (escape * (MAX_ESCAPES + 1)))


@pytest.mark.parametrize("padding", [0, 10_000])
def test_the_depth_of_a_body_has_a_limit(padding: int):
    text = b"%s" + b" " * padding

    require_modest(text % (b'{"a":' + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1) + b"}"))
    with pytest.raises(MalformedJson, match="nested"):
        require_modest(text % (b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}"))


@pytest.mark.parametrize("size", [MIB, 3 * json_limits._PIECE_BYTES + 1])
@pytest.mark.parametrize("filling", [b"[", b"{", b",", b":", b"1e308 ", rb"\"[", rb"\\", rb"\\\"{", rb"\n\"["])
def test_what_stands_in_strings_does_not_count(filling: bytes, size: int):
    require_modest(b'{"content":"' + filling * (size // len(filling)) + b'"}')


@given(VALUES)
def test_strings_are_left_out_whatever_they_hold(value: Any):
    text = json.dumps(value).encode()

    assert outside(text) == _STRING.sub(b"", text)


@given(VALUES, st.integers(min_value=1, max_value=20))
def test_pieces_of_any_size_leave_the_same(value: Any, size: int):
    text = json.dumps(value).encode()
    whole = outside(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_limits, "_PIECE_BYTES", size)
        assert outside(text) == whole


@given(st.recursive(st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=100))
def test_a_body_is_too_deep_exactly_when_its_value_is(value: Any):
    text = json.dumps([[[[value]]]]).encode() + b" " * 5000
    limit = depth_of(value) + 3

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_limits, "MAX_DEPTH", limit)
        with pytest.raises(MalformedJson):
            require_modest(text)
        patch.setattr(json_limits, "MAX_DEPTH", limit + 1)
        require_modest(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_counted_or_refused(text: bytes):
    with suppress(TesseraError):
        require_modest(text + b" " * 5000)
