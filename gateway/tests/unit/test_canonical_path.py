"""A target has one spelling or is refused."""

from contextlib import suppress
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given, strategies as st

from gateway.canonical_path import read_target
from shared.errors import BadRequest

PATH_BYTES = st.lists(
    st.sampled_from([b"/", b".", b"%", b"2", b"e", b"E", b"5", b"f", b"a", b"\\", b";", b"%2e", b"%2F", b"~", b"\xc3"]),
    max_size=14,
).map(lambda parts: b"/" + b"".join(parts))


@pytest.mark.parametrize(
    "target",
    [
        b"/",
        b"/api/v1/projects",
        b"/api/v1/projects/",
        b"/.well-known/jwks.json",
        b"/api/v1/projects/0190-ab_c~d",
        b"/api/v1/chats/x/reactions/%F0%9F%91%8D",
        b"/a/...",
        b"/a/b%20c?q=a%20b&sort=-updated_at&x[]=1",
        b"/a?",
        b"/a?next=/../b//c",
    ],
)
def test_a_canonical_target_keeps_its_very_bytes(target: bytes) -> None:
    assert read_target(target).raw == target


@pytest.mark.parametrize(
    "target",
    [
        b"",
        b"*",
        b"a/b",
        b"http://elsewhere/api/v1/projects",
        b"//elsewhere/api",
        b"/api//v1",
        b"/api/../internal",
        b"/api/./v1",
        b"/..",
        b"/api/%2e%2e/internal",
        b"/api/.%2E/internal",
        b"/api/%2e/v1",
        b"/api/..;/internal",
        b"/api/..;x=1/internal",
        b"/api/%2e%2e;/internal",
        b"/api%2fv1/projects",
        b"/api%2Fv1",
        b"/api%5cv1",
        b"/api\\v1",
        b"/api/%252e%252e/internal",
        b"/api/%25",
        b"/api/%00",
        b"/api/%0d%0aX",
        b"/api/%1f",
        b"/api/%7f",
        b"/api/%c2%85",
        b"/api/%ff",
        b"/api/%c0%ae%c0%ae/internal",
        b"/api/%c0%af",
        b"/api/%e0%80%af",
        b"/api/%ed%a0%80",
        b"/api/%",
        b"/api/%2",
        b"/api/%zz",
        b"/api/%u002e",
        b"/api/\xc3\xa4",
        b"/api/a b",
        b"/api#fragment",
        b"/api?a#b",
        b"/api?a=%zz",
        b"/api?a b",
        b"/api?\xff",
        b"/api?a\x00",
    ],
)
def test_every_other_spelling_is_refused(target: bytes) -> None:
    with pytest.raises(BadRequest):
        read_target(target)


@given(PATH_BYTES)
def test_what_passes_has_no_segment_that_a_reader_could_resolve_or_split(target: bytes) -> None:
    try:
        path = read_target(target).path
    except BadRequest:
        return
    assert path == target
    decoded = unquote_to_bytes(path)
    assert decoded.count(b"/") == path.count(b"/")
    assert b"//" not in decoded
    assert b"\\" not in decoded
    assert unquote_to_bytes(decoded) == decoded
    assert not {b".", b".."} & {segment.partition(b";")[0] for segment in decoded.split(b"/")}


@given(st.binary(max_size=60))
def test_any_bytes_are_either_kept_or_refused(target: bytes) -> None:
    with suppress(BadRequest):
        assert read_target(target).raw == target
