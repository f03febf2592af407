"""RFC 6455 as the running server keeps it: the cases of the Autobahn test suite that do not need compression.

A text message is heard when it is answered: `{"action":"ping","id":...}` gets its `pong`. Sections as in Autobahn.
"""

import asyncio
import itertools
import json
from struct import pack
from typing import NamedTuple

import msgspec
import pytest
from raw_socket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Got, RawSocket, closing, frame
from realtime_fakes import LiveServer, some_principal


class Case(NamedTuple):
    name: str
    sent: bytes
    answers: list[Got]
    """Before the close."""
    code: int | None = 1000
    """What the server closes with; None for a close without a code."""
    piece: int | None = None


BYE = closing(1000)
UNKNOWN = "κόσμε\U0001f600"


def ask(id_: str) -> bytes:
    return json.dumps({"action": "ping", "id": id_}, ensure_ascii=False).encode()


def pong_to(id_: str) -> Got:
    return Got(TEXT, msgspec.json.encode({"action": "pong", "id": id_}))


def filled(size: int) -> bytes:
    """A ping of that many bytes: JSON may be followed by blanks."""
    return ask("x").ljust(size)


def split(payload: bytes, *at: int, kind: int = TEXT, between: bytes = b"") -> bytes:
    """One message in fragments, cut at the given places."""
    cuts = [0, *at, len(payload)]
    parts = [payload[start:end] for start, end in itertools.pairwise(cuts)]
    return between.join(
        frame(kind if number == 0 else CONTINUATION, part, fin=number == len(parts) - 1)
        for number, part in enumerate(parts)
    )


def bad(name: str, sent: bytes, code: int = 1002, answers: list[Got] | None = None) -> Case:
    return Case(name, sent, answers or [], code)


SIZES = (125, 126, 127, 128, 65_535, 65_536)
FRAMING = [
    *(Case(f"1.1 text of {size}", frame(TEXT, filled(size)) + BYE, [pong_to("x")]) for size in SIZES),
    Case("1.1.7 text in pieces", frame(TEXT, filled(997)) + BYE, [pong_to("x")], piece=97),
    Case("1.1.8 text byte by byte", frame(TEXT, filled(200)) + BYE, [pong_to("x")], piece=1),
    bad("1.2 binary is not read", frame(BINARY, b"\x00" * 126), 1003),
    Case("1.3 masked with zeros", frame(TEXT, ask("x"), mask=bytes(4)) + BYE, [pong_to("x")]),
    bad("not masked", frame(TEXT, ask("x"), mask=None)),
    bad("length longer than needed, 2 bytes", b"\x81\xfe\x00\x05" + bytes(9)),
    bad("length longer than needed, 8 bytes", b"\x81\xff" + pack("!Q", 126) + bytes(130)),
    bad("length with the highest bit", b"\x81\xff" + pack("!Q", 2**63)),
]
PINGS = [
    Case("2.1 empty ping", frame(PING) + BYE, [Got(PONG, b"")]),
    Case("2.2 ping with text", frame(PING, b"Hello") + BYE, [Got(PONG, b"Hello")]),
    Case("2.3 ping with bytes", frame(PING, b"\x00\xff\xfe\xfd") + BYE, [Got(PONG, b"\x00\xff\xfe\xfd")]),
    Case("2.4 ping of 125", frame(PING, b"\xfe" * 125) + BYE, [Got(PONG, b"\xfe" * 125)]),
    bad("2.5 ping of 126", frame(PING, b"\xfe" * 126)),
    Case("2.6 ping byte by byte", frame(PING, b"\xfe" * 125) + BYE, [Got(PONG, b"\xfe" * 125)], piece=1),
    Case("2.7 unsolicited pong", frame(PONG) + BYE, []),
    Case("2.8 unsolicited pong with text", frame(PONG, b"unasked") + BYE, []),
    Case("2.9 pong, then ping", frame(PONG, b"unasked") + frame(PING, b"p") + BYE, [Got(PONG, b"p")]),
    Case(
        "2.10 ten pings",
        b"".join(frame(PING, b"%d" % number) for number in range(10)) + BYE,
        [Got(PONG, b"%d" % number) for number in range(10)],
    ),
    Case(
        "2.11 ten pings byte by byte",
        b"".join(frame(PING, b"%d" % number) for number in range(10)) + BYE,
        [Got(PONG, b"%d" % number) for number in range(10)],
        piece=1,
    ),
]
RESERVED = [
    *(bad(f"3.{bits} reserved bits {bits}", frame(TEXT, ask("x"), reserved=bits)) for bits in range(1, 8)),
    bad("3.3 behind a good frame", frame(TEXT, ask("x")) + frame(PING, reserved=2), answers=[pong_to("x")]),
    bad("3.6 on a close", frame(CLOSE, pack("!H", 1000), reserved=6)),
    *(bad(f"4.1 opcode {opcode}", frame(opcode)) for opcode in range(3, 8)),
    *(bad(f"4.2 opcode {opcode}", frame(opcode, b"x")) for opcode in range(11, 16)),
    bad("4.2.3 behind a good frame", frame(TEXT, ask("x")) + frame(13) + frame(PING), answers=[pong_to("x")]),
]
WHOLE = ask("fragments")
HEARD = pong_to("fragments")
FRAGMENTS = [
    bad("5.1 ping in fragments", frame(PING, b"a", fin=False) + frame(CONTINUATION, b"b")),
    bad("5.2 pong in fragments", frame(PONG, b"a", fin=False) + frame(CONTINUATION, b"b")),
    Case("5.3 two fragments", split(WHOLE, 5) + BYE, [HEARD]),
    Case("5.5 two fragments byte by byte", split(WHOLE, 5) + BYE, [HEARD], piece=1),
    Case("5.6 ping between", split(WHOLE, 5, between=frame(PING, b"p")) + BYE, [Got(PONG, b"p"), HEARD]),
    Case("5.8 the same byte by byte", split(WHOLE, 5, between=frame(PING)) + BYE, [Got(PONG, b""), HEARD], piece=1),
    bad("5.9 continuation of nothing", frame(CONTINUATION, b"x") + frame(TEXT, ask("x"))),
    bad("5.12 unfinished continuation of nothing", frame(CONTINUATION, b"x", fin=False)),
    bad("5.15 continuation behind a whole message", split(WHOLE, 5) + frame(CONTINUATION, b"x"), answers=[HEARD]),
    bad("5.16 again and again", frame(CONTINUATION, fin=False) * 2),
    bad("5.18 text inside a message", frame(TEXT, b"a", fin=False) + frame(TEXT, b"b")),
    Case(
        "5.19 five fragments and pings",
        split(WHOLE, 3, 6, 9, 12, between=frame(PING, b"p")) + BYE,
        [Got(PONG, b"p")] * 4 + [HEARD],
    ),
    Case("6.1 empty fragments", split(WHOLE, 0, 5, 5) + BYE, [HEARD]),
    bad("binary in fragments", split(b"\x00\x01\x02", 1, kind=BINARY), 1003),
]
VALID = [*map(chr, (0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFE, 0xFFFF, 0x10000, 0x1FFFE, 0x10FFFF))]
INVALID_HEX = """
    ce f888808080 fc8480808080
    f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf f4908080 80 bf 80bf 80bf80 c0 e0 f0 f8 fc c020 e020 f020
    e080 f08080 c080 c1bf c0af e080af f08080af f8808080af e09fbf f08fbfbf eda080 edadbf edafbf edb080 edbfbf
    eda080edb080 fe ff feff
"""
INVALID = [bytes.fromhex(text) for text in INVALID_HEX.split()]
TEXTS = [
    Case("6.2 UTF-8 whole", frame(TEXT, ask(UNKNOWN)) + BYE, [pong_to(UNKNOWN)]),
    Case("6.2.2 cut between characters", split(ask(UNKNOWN), len(ask("")) - 2) + BYE, [pong_to(UNKNOWN)]),
    Case("6.2.3 a fragment per byte", split(ask("κ€"), *range(1, len(ask("κ€")))) + BYE, [pong_to("κ€")]),
    Case("6.2.4 byte by byte", frame(TEXT, ask(UNKNOWN)) + BYE, [pong_to(UNKNOWN)], piece=1),
    bad("6.3 wrong in the middle", frame(TEXT, b"\xce\xba\xe1\xbd\xb9\xed\xa0\x80edited"), 1007),
    bad("6.4 refused before the message ends", frame(TEXT, b"\xce\xba\xf4\x90", fin=False), 1007),
    bad("6.4.2 wrong across fragments", split(b"\xce\xba\xf4\x90\x80\x80x", 3, 4)[:-3], 1007),
    *(Case(f"6 valid {text!a}", frame(TEXT, ask(text)) + BYE, [pong_to(text)]) for text in VALID),
    *(bad(f"6 invalid {text.hex()}", frame(TEXT, text), 1007) for text in INVALID),
]
GOOD_CODES = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999)
BAD_CODES = (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
CLOSES = [
    Case("7.1.1 message, then close", frame(TEXT, ask("x")) + BYE, [pong_to("x")]),
    Case("7.1.2 two closes", BYE + BYE, []),
    Case("7.1.3 ping behind a close", BYE + frame(PING), []),
    Case("7.1.4 text behind a close", BYE + frame(TEXT, ask("x")), []),
    Case("7.1.5 close inside a message", frame(TEXT, b"a", fin=False) + BYE + frame(CONTINUATION, b"b"), []),
    Case("7.1.6 much, then close", frame(TEXT, filled(65_536)) + BYE + frame(PING), [pong_to("x")]),
    Case("7.3.1 close without a code", frame(CLOSE), [], None),
    bad("7.3.2 close with one byte", frame(CLOSE, b"\x03")),
    Case("7.3.4 with a reason", closing(1000, b"bye"), []),
    Case("7.3.5 with the longest reason", closing(1000, b"x" * 123), []),
    bad("7.3.6 with a longer reason", closing(1000, b"x" * 124)),
    bad("7.5 with a reason that is no text", closing(1000, b"\xce\xba\xed\xa0\x80"), 1007),
    bad("close in fragments", frame(CLOSE, pack("!H", 1000), fin=False)),
    *(Case(f"7.7 code {code}", closing(code), [], code) for code in GOOD_CODES),
    *(bad(f"7.9 code {code}", closing(code)) for code in BAD_CODES),
    *(bad(f"7.9 code {code} with a reason", closing(code, b"why")) for code in BAD_CODES),
]
LIMITS = [
    bad("9 too long, known from its head", b"\x81\xff" + pack("!Q", 2**40), 1009),
    bad("9 too long by one", frame(TEXT, filled(65_537)), 1009),
    bad("9 too long in sum", split(filled(65_537), 60_000), 1009),
    Case("9.3 the longest in fragments", split(filled(65_536), *range(8192, 65_536, 8192)) + BYE, [pong_to("x")]),
    Case("9.5 the longest in pieces", frame(TEXT, filled(65_536)) + BYE, [pong_to("x")], piece=1024),
    Case("10.1 pieces larger than a packet", frame(TEXT, filled(65_536)) + BYE, [pong_to("x")], piece=1300),
]
SECTIONS = {
    "framing": FRAMING,
    "pings": PINGS,
    "reserved": RESERVED,
    "fragments": FRAGMENTS,
    "texts": TEXTS,
    "closes": CLOSES,
    "limits": LIMITS,
}


@pytest.mark.parametrize("section", SECTIONS)
async def test_a_peer_is_answered_as_the_rfc_says(start_server, section: str) -> None:
    server = await start_server(rate_limit_scale=1000.0)  # a case may send as many frames as it takes

    outcomes = await asyncio.gather(*(play(server.port, case) for case in SECTIONS[section]))

    assert dict(outcomes) == {case.name: expected(case) for case in SECTIONS[section]}


def expected(case: Case) -> list[Got]:
    return [*case.answers, Got(CLOSE, b"" if case.code is None else pack("!H", case.code))]


async def play(port: int, case: Case) -> tuple[str, list[Got]]:
    """What the server answered; of a close only the code."""
    socket = await RawSocket.open(port, some_principal())
    await socket.send(case.sent, piece=case.piece)
    heard = await socket.heard()
    return case.name, [got._replace(payload=got.payload[:2]) if got.opcode == CLOSE else got for got in heard]


async def test_frames_sent_with_the_handshake_are_heard(server: LiveServer) -> None:
    socket = await RawSocket.open(server.port, some_principal(), ahead=frame(TEXT, ask("early")) + BYE)

    assert (await socket.heard())[0] == pong_to("early")


async def test_a_peer_that_stops_sending_hears_why(server: LiveServer) -> None:
    socket = await RawSocket.open(server.port, some_principal())

    socket.end()

    assert await socket.next() == Got(CLOSE, pack("!H", 1012))
    socket.close()
