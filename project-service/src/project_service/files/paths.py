"""Logical paths: the only names a file has. Nothing here, or anywhere, turns one into a place on a disk."""

import re
import unicodedata
from functools import cache

MAX_LENGTH = 512  # characters of the normalised path
MAX_MARKS = 30  # in a row: Unicode's Stream-Safe Text Format (UAX 15), which no language exceeds
_MOST_PARTS = 4  # characters that NFC makes one of
_LAST_MARK = 0x20000  # all scripts are below
MAX_DEPTH = 32  # folders above a file; real source trees stay below 20, and every folder is a look-up of its own
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
_FORBIDDEN_IN_WINDOWS = frozenset('<>:"|?*')
_CONTROLS = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})  # noncharacters and unassigned ones are Cn
_DIRECTION = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class UnfitPath(ValueError):
    """The text says what is wrong with the path."""


def parse_path(text: str, *, max_depth: int = MAX_DEPTH) -> str:
    """The canonical form: NFC, relative, `/` between segments. Raises UnfitPath.

    A project must survive a checkout on every system: what Windows cannot store is refused, too. `max_depth` is the
    number of folders; files that were written before there was a limit can be deeper, and are deleted by their path.
    """
    path = _normalised(text)
    if not path:
        raise UnfitPath("A path is not empty.")
    if len(path) > MAX_LENGTH:
        raise UnfitPath(f"A path has at most {MAX_LENGTH} characters.")
    if path.startswith("/"):
        raise UnfitPath("A path is relative: it does not begin with a slash.")
    if path.count("/") > max_depth:
        raise UnfitPath(f"A path has at most {max_depth} folders.")
    if not path.isprintable() and any(map(_is_control, path)):
        raise UnfitPath("A path has no control characters.")
    if "\\" in path:
        raise UnfitPath("Segments are separated by /, not by a backslash.")
    for segment in path.split("/"):
        _check_segment(segment)
    return path


def _normalised(text: str) -> str:
    """NFC. To sort marks takes the square of their number in a row, so there is a limit to it."""
    if len(text) > MAX_LENGTH * _MOST_PARTS:
        raise UnfitPath(f"A path has at most {MAX_LENGTH} characters.")
    if not unicodedata.is_normalized("NFC", text) and _too_many_marks().search(text):
        raise UnfitPath(f"A character of a path has at most {MAX_MARKS} marks.")
    return unicodedata.normalize("NFC", text)


@cache
def _too_many_marks() -> re.Pattern[str]:
    marks = "".join(filter(unicodedata.combining, map(chr, range(_LAST_MARK))))
    return re.compile(f"[{marks}]{{{MAX_MARKS + 1}}}")


def path_key(path: str) -> str:
    """Equal for paths that a file system without letter case takes for one."""
    return unicodedata.normalize("NFC", path.casefold())


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in _CONTROLS or letter in _DIRECTION


def _check_segment(segment: str) -> None:
    if segment in ("", ".", ".."):
        raise UnfitPath("A segment is not empty, and not `.` or `..`.")
    if segment[-1] in ". " or segment[0] == " ":
        raise UnfitPath("A segment does not begin with a space or end with a space or a dot.")
    if _FORBIDDEN_IN_WINDOWS & set(segment):
        raise UnfitPath('A segment has none of < > : " | ? *')
    if segment.partition(".")[0].rstrip().lower() in _DEVICES:
        raise UnfitPath("A segment is not the name of a device, such as `con` or `nul.txt`.")
