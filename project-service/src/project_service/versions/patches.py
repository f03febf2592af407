"""Unified patches, in bounded time whatever the texts are: pure, slow, for a thread."""

import time
from collections.abc import Iterator
from difflib import SequenceMatcher

CONTEXT = 3  # lines
PAIRS = 400_000
"""Pairs of equal lines: what one step of the search looks at. More takes the text as replaced."""


class _OutOfTime(Exception):
    pass


class _Search(SequenceMatcher[str]):
    """Gives up at `deadline` (monotonic seconds); each step is short, their number is what may explode."""

    deadline = 0.0

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None):  # type: ignore[no-untyped-def]
        if time.monotonic() > self.deadline:
            raise _OutOfTime
        return super().find_longest_match(alo, ahi, blo, bhi)


def unified(before: str, after: str, old_name: str, new_name: str, deadline: float) -> str:
    """`deadline` is in monotonic seconds: what cannot be found until then is shown as replaced, which is true, too."""
    old, new = _lines(before), _lines(after)
    parts = [f"--- {old_name}\n", f"+++ {new_name}\n"]
    for group in _groups(old, new, deadline):
        parts += _hunk(old, new, group)
    return "".join(parts) if len(parts) > 2 else ""


_Operation = tuple[str, int, int, int, int]


def _groups(old: list[str], new: list[str], deadline: float) -> Iterator[list[_Operation]]:
    search = _Search(None, old, new)
    search.deadline = deadline
    try:
        places: dict[str, list[int]] = search.b2j  # type: ignore[attr-defined] # documented, and not in the stubs
        if sum(len(places.get(line, ())) for line in old) > PAIRS:
            raise _OutOfTime
        search.get_opcodes()
    except _OutOfTime:
        search.opcodes = _replacement(old, new)  # type: ignore[attr-defined] # where get_opcodes keeps its answer
    yield from search.get_grouped_opcodes(CONTEXT)


def _replacement(old: list[str], new: list[str]) -> list[_Operation]:
    """What is equal at both ends, and between them everything."""
    shorter = min(len(old), len(new))
    head = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    tail = next((n for n in range(shorter - head) if old[-1 - n] != new[-1 - n]), shorter - head)
    ends = len(old) - tail, len(new) - tail
    operations = [
        ("equal", 0, head, 0, head),
        ("replace", head, ends[0], head, ends[1]),
        ("equal", ends[0], len(old), ends[1], len(new)),
    ]
    return [operation for operation in operations if operation[1] < operation[2] or operation[3] < operation[4]]


def _hunk(old: list[str], new: list[str], group: list[_Operation]) -> Iterator[str]:
    first, last = group[0], group[-1]
    yield f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@\n"
    for kind, start, end, new_start, new_end in group:
        if kind == "equal":
            yield from (_line(" ", line) for line in old[start:end])
            continue
        yield from (_line("-", line) for line in old[start:end])
        yield from (_line("+", line) for line in new[new_start:new_end])


def _line(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _range(start: int, end: int) -> str:
    """As `patch` reads it: lines count from 1, and an empty range names the line before it."""
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _lines(text: str) -> list[str]:
    """By newline only: other separators of `splitlines` are characters of a line to every patch program."""
    lines = text.split("\n")
    ended = [f"{line}\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended
