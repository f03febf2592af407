"""Bodies come in pieces of any size and leave with one meaning."""

import pytest
from hypothesis import given, strategies as st

from gateway.request_body import FREE_CHUNKS, LEAST_CHUNK_BYTES, ChunkedBody, LimitedBody, SizedBody
from shared.errors import BadRequest, TooLarge


def chunked(parts: list[bytes]) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part) + b"0\r\n\r\n"


@given(st.lists(st.binary(max_size=30), max_size=6), st.integers(1, 7), st.binary(max_size=9))
def test_a_chunked_body_is_the_same_however_it_is_cut(parts: list[bytes], step: int, after: bytes) -> None:
    wire = chunked(parts) + after
    body, received, payload = ChunkedBody(), bytearray(), b""

    for start in range(0, len(wire), step):
        received += wire[start : start + step]
        payload += body.take(received)

    assert payload == b"".join(parts)
    assert body.is_complete
    assert bytes(received) == after


@given(st.binary(max_size=80), st.integers(1, 9))
def test_what_a_chunked_body_sends_on_reads_as_the_same_payload(payload: bytes, step: int) -> None:
    body, received, sent = ChunkedBody(), bytearray(), b""
    wire = chunked([payload])

    for start in range(0, len(wire), step):
        received += wire[start : start + step]
        sent += body.framed(body.take(received))

    again = ChunkedBody()
    assert again.take(bytearray(sent)) == payload
    assert again.is_complete


@pytest.mark.parametrize(
    "wire",
    [
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b" 5\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"+5\r\nhello\r\n0\r\n\r\n",
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"5;name=value\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"5\r\nhelloX\r\n0\r\n\r\n",
        b"5\r\nhello\n0\r\n\r\n",
        b"5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
        b"ffffffffffffffff1\r\n",
        b"\r\n",
        b"_5\r\nhello\r\n",
    ],
)
def test_a_chunk_that_readers_could_understand_differently_is_refused(wire: bytes) -> None:
    with pytest.raises(BadRequest):
        ChunkedBody().take(bytearray(wire))


@pytest.mark.parametrize("parts", [[b"a"] * FREE_CHUNKS, [b"a" * LEAST_CHUNK_BYTES] * 20_000])
def test_small_chunks_are_read(parts: list[bytes]) -> None:
    assert ChunkedBody().take(bytearray(chunked(parts))) == b"".join(parts)


def test_many_tiny_chunks_are_refused() -> None:
    with pytest.raises(BadRequest, match="too small"):
        ChunkedBody().take(bytearray(chunked([b"a"] * 2 * FREE_CHUNKS)))


def test_a_sized_body_leaves_what_follows_it() -> None:
    body, received = SizedBody(3), bytearray(b"abcGET /")
    assert body.take(received) == b"abc"
    assert body.is_complete
    assert received == b"GET /"


def test_a_body_is_stopped_at_its_limit_before_it_is_complete() -> None:
    body = LimitedBody(ChunkedBody())
    body.limit_to(6)
    assert body.pass_on(bytearray(b"5\r\nhello\r\n")) == b"5\r\nhello\r\n"
    with pytest.raises(TooLarge):
        body.pass_on(bytearray(b"2\r\nab\r\n"))
