"""A request head has one meaning or is refused."""

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from gateway.request_head import RequestHead, check_unfinished, read_head
from gateway.wire_limits import WireLimits
from shared.errors import BadRequest, MethodNotAllowed, TesseraError

LIMITS = WireLimits()
FRAGMENTS = st.lists(
    st.sampled_from(
        [
            b"Host: a\r\n",
            b"Content-Length: 5\r\n",
            b"Content-Length: 0\r\n",
            b"content-length:+5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"Transfer-Encoding : chunked\r\n",
            b"transfer-encoding:\tchunked\r\n",
            b"Transfer-Encoding: gzip, chunked\r\n",
            b"X: 1\r\n y\r\n",
            b"X: \x00\r\n",
            b"X: a\rb\r\n",
            b"X: a\nb\r\n",
            b"Upgrade: websocket\r\n",
            b"Connection: upgrade, x-user-id\r\n",
            b"Expect: 100-continue\r\n",
            b": empty\r\n",
            b"\r\n",
        ]
    ),
    max_size=6,
)


def head_of(fields: bytes, method: bytes = b"POST") -> RequestHead:
    return read_head(method + b" /api HTTP/1.1\r\n" + fields + b"\r\n", LIMITS)


@given(FRAGMENTS, st.sampled_from([b"GET", b"POST", b"DELETE"]))
def test_what_passes_is_framed_in_exactly_one_way(fragments: list[bytes], method: bytes) -> None:
    fields = b"".join(fragments)
    try:
        head = head_of(fields, method)
    except TesseraError:
        return
    names = [name for name, _ in head.headers]
    assert names.count(b"host") == 1
    assert names.count(b"content-length") + names.count(b"transfer-encoding") <= 1
    assert not any(byte in value for _, value in head.headers for byte in b"\x00\r\n")
    assert b"\n " not in fields
    assert not (head.has_body and method == b"GET")
    assert not (head.has_body and b"upgrade" in names)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_but_never_crash(data: bytes) -> None:
    with suppress(BadRequest, MethodNotAllowed):
        read_head(data + b"\r\n\r\n", LIMITS)


@given(st.binary(max_size=200))
def test_an_unfinished_head_with_a_stray_line_end_is_refused_at_once(data: bytes) -> None:
    received = bytearray(b"GET / HTTP/1.1\r\nHost: a\n" + data)
    with pytest.raises(BadRequest):
        check_unfinished(received, 0, LIMITS)


def test_values_keep_their_bytes_and_lose_the_space_around_them() -> None:
    head = head_of(b"Host: a\r\nX-Name: \t J\xc3\xbcrgen \r\n")
    assert head.headers[1] == (b"x-name", b"J\xc3\xbcrgen")


def test_repeated_lists_are_joined_and_repeated_single_headers_refused() -> None:
    head = head_of(b"Host: a\r\nConnection: close\r\nConnection: X-Foo\r\n")
    assert head.connection_options == {b"close", b"x-foo"}
    with pytest.raises(BadRequest):
        head_of(b"Host: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n")


@pytest.mark.parametrize("host", [b"", b"a b", b"a/b", b"a,b", b"user@a", b"a:99999999", b"[::1", b"\xc3\xa4"])
def test_a_host_that_is_no_host_is_refused(host: bytes) -> None:
    with pytest.raises(BadRequest):
        head_of(b"Host: " + host + b"\r\n")
