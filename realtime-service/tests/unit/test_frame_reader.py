"""The frame reader against a simple model: however the bytes are cut, the same is heard, and wrong bytes end it."""

from itertools import pairwise

from hypothesis import given, settings, strategies as st
from raw_socket import CLOSE, CONTINUATION, PING, PONG, TEXT, closing, frame

from realtime_service.frame_reader import MAX_MESSAGE_BYTES, FrameReader, ProtocolViolation

MASKS = st.binary(min_size=4, max_size=4)
CONTROLS = st.tuples(st.sampled_from([PING, PONG]), st.binary(max_size=125))
MESSAGES = st.tuples(st.just(TEXT), st.text(max_size=300).map(str.encode))


@st.composite
def conversations(draw: st.DrawFn) -> tuple[bytes, list[tuple[int, bytes]]]:
    """Bytes of a well-behaved peer, and what they say; fragments and controls between them in any mixture."""
    sent, said = bytearray(), []
    for kind, payload in draw(st.lists(MESSAGES | CONTROLS, max_size=8)):
        cuts = sorted(draw(st.lists(st.integers(0, len(payload)), max_size=4))) if kind == TEXT else []
        for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(payload)], strict=True)):
            opcode, is_last = CONTINUATION if number else kind, number == len(cuts)
            sent += frame(opcode, payload[start:end], fin=is_last, mask=draw(MASKS))
            if not is_last and draw(st.booleans()):
                sent += frame(PING, b"between", mask=draw(MASKS))
                said.append((PING, b"between"))
        said.append((kind, payload))
    return bytes(sent), said


def heard(reader: FrameReader, pieces: list[bytes]) -> list[tuple[int, bytes]]:
    return [(opcode, payload) for piece in pieces for opcode, payload in reader.feed(piece) if opcode != CONTINUATION]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(bounds)]


@settings(max_examples=150, deadline=None)
@given(conversations(), st.lists(st.integers(0, 5000), max_size=12))
def test_what_is_said_is_heard_however_the_bytes_arrive(
    conversation: tuple[bytes, list[tuple[int, bytes]]], places: list[int]
) -> None:
    sent, said = conversation

    assert heard(FrameReader(), cut(sent, places)) == said


@settings(max_examples=300, deadline=None)
@given(conversations(), st.binary(max_size=60), st.lists(st.integers(0, 5000), max_size=4))
def test_any_bytes_are_heard_or_refused_alike_in_one_piece_and_in_many(
    conversation: tuple[bytes, list[tuple[int, bytes]]], noise: bytes, places: list[int]
) -> None:
    data = conversation[0] + noise

    assert outcome([data]) == outcome(cut(data, places)) == outcome([bytes([byte]) for byte in data])


def outcome(pieces: list[bytes]) -> tuple[list[tuple[int, bytes]], int | None]:
    reader, told = FrameReader(), []
    try:
        for piece in pieces:
            for opcode, payload in reader.feed(piece):
                told.append((int(opcode), payload))
                assert opcode != TEXT or payload.decode() is not None
    except ProtocolViolation as violation:
        return told, violation.code
    return told, None


def test_a_message_that_cannot_fit_is_refused_by_its_head_alone() -> None:
    announced = frame(TEXT, bytes(MAX_MESSAGE_BYTES + 1))[:14]

    assert outcome([announced]) == ([], 1009)


def test_every_close_code_is_judged() -> None:
    accepted = {code for code in range(6000) if outcome([closing(code)])[1] is None}

    assert accepted == {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}
    assert outcome([frame(CLOSE)])[1] is None
