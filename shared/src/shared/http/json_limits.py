"""How much JSON a text from outside may hold: counted on its bytes before anything parses it.

A parser is not interrupted, and it holds the interpreter while it works: 1 MiB of empty arrays takes msgspec 0.2 s, and
1 MiB of `1e308` takes it 5 s, because numbers at the ends of what a double can be leave its fast path.
"""

from collections.abc import Iterator
from itertools import accumulate

from shared.errors import FieldError, MalformedJson, ValidationFailed

MAX_DEPTH = 64  # levels of nesting; real bodies have fewer than ten
MAX_CONTAINERS = 100_000  # arrays and objects: more than the 256 KiB of a workspace session can hold
MAX_NAMES = 100_000  # of members of objects; a batch of 10,000 files has 50,000
MAX_VALUES = 600_000  # elements and members: all that 1 MiB can hold; 0.05 s of parsing
MAX_EXTREME_NUMBERS = 64  # of three digits in the exponent, or 200 in front: 25 us each, at every later read again
MAX_ESCAPES = 5_600_000  # in strings; all that 32 MiB of `\\uXXXX` can hold; 0.1 s of parsing
_PIECE_BYTES = 64 * 1024  # looked at between two chances for other threads to run
_SMALL_BYTES = 4096  # cannot hold what is slow, but for nesting and numbers

_DIGITS_AS_ZERO = bytes.maketrans(b"123456789.E", b"0000000000e")
_LONG_EXPONENT, _LONG_NUMBER = b"e000", b"0" * 200
_AS_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_STEPS = {ord("["): 1, ord("]"): -1}


def require_modest(text: bytes) -> None:
    """Raises MalformedJson for deep nesting and ValidationFailed for more than may be there. Other faults are the
    parser's to find: it stops at the first, so what a wrong text makes of the counts behind it does no harm.
    """
    if _is_surely_modest(text):
        return
    counts = _Counts()
    for piece, escapes in _without_strings(text):
        counts.add(piece, escapes)


def _is_surely_modest(text: bytes) -> bool:
    return (
        len(text) <= _SMALL_BYTES
        and text.count(b"[") + text.count(b"{") <= MAX_DEPTH
        and _extreme_numbers(text) <= MAX_EXTREME_NUMBERS
    )


def _without_strings(text: bytes) -> Iterator[tuple[bytes, int]]:
    """What stands outside of strings, piece by piece, without their quotes; and how many escapes there were.

    Escapes are taken out first: pairs of backslashes, then quotes behind one. A single backslash at the end of a piece
    escapes the first byte of the next.
    """
    is_escaped = is_inside = False
    for start in range(0, len(text), _PIECE_BYTES):
        piece = text[start + is_escaped : start + _PIECE_BYTES]
        is_escaped, escapes = False, 0
        if b"\\" in piece:
            escapes = piece.count(b"\\") - piece.count(rb"\\")
            piece = piece.replace(rb"\\", b"").replace(rb"\"", b"")
            is_escaped = piece.endswith(b"\\")
        parts = piece.split(b'"')
        yield b"".join(parts[1 if is_inside else 0 :: 2]), escapes
        is_inside ^= len(parts) % 2 == 0


class _Counts:
    def __init__(self) -> None:
        self._depth = 0
        self._containers = 0
        self._names = 0
        self._values = 0
        self._extreme_numbers = 0
        self._escapes = 0

    def add(self, piece: bytes, escapes: int) -> None:
        """Raises MalformedJson or ValidationFailed."""
        brackets = piece.translate(_AS_ONE_KIND, _NO_BRACKETS)
        self._containers += brackets.count(b"[")
        _require_at_most(MAX_CONTAINERS, self._containers, "arrays and objects")
        self._names += piece.count(b":")
        _require_at_most(MAX_NAMES, self._names, "members of objects")
        self._values += piece.count(b",")
        _require_at_most(MAX_VALUES, self._values, "values")
        self._extreme_numbers += _extreme_numbers(piece)
        _require_at_most(MAX_EXTREME_NUMBERS, self._extreme_numbers, "numbers of that size or length")
        self._escapes += escapes
        _require_at_most(MAX_ESCAPES, self._escapes, "escapes (send such a file as base64)")
        self._follow(brackets)

    def _follow(self, brackets: bytes) -> None:
        for depth in accumulate(map(_STEPS.__getitem__, brackets), initial=self._depth):
            if depth > MAX_DEPTH:
                raise MalformedJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
        self._depth += 2 * brackets.count(b"[") - len(brackets)


def _extreme_numbers(text: bytes) -> int:
    """How many there are at most."""
    if b"e" not in text and b"E" not in text:
        return text.translate(_DIGITS_AS_ZERO).count(_LONG_NUMBER)
    alike = text.translate(_DIGITS_AS_ZERO, b"+-")
    return alike.count(_LONG_EXPONENT) + alike.count(_LONG_NUMBER)


def _require_at_most(limit: int, count: int, what: str) -> None:
    if count > limit:
        raise ValidationFailed([FieldError("body", "too_long", f"There may be at most {limit} {what} in one body.")])
