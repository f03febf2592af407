"""The one rule for addresses: a target has exactly one spelling, or it is refused. Nothing is ever rewritten.

Gateway and services must read the same path from the same bytes, so whatever two readers could understand
differently does not pass: dot segments, empty segments, encoded separators, double encoding, control characters.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from shared.errors import BadRequest

_PLAIN_PATH = re.compile(rb"/|(?:/[A-Za-z0-9_~!$&'()*+,;=:@-][A-Za-z0-9._~!$&'()*+,;=:@-]*)+/?")
_ENCODED_PATH = re.compile(rb"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+/?")
_QUERY = re.compile(rb"(?:[!\"$&-~]|%[0-9A-Fa-f]{2})*")
_FORBIDDEN_DECODED = re.compile(rb"[\x00-\x1f\x7f/\\%]")


class Target(NamedTuple):
    """The very bytes of the request line, split at the first question mark."""

    path: bytes
    query: bytes | None

    @property
    def raw(self) -> bytes:
        return self.path if self.query is None else self.path + b"?" + self.query


def read_target(raw: bytes) -> Target:
    """Raises BadRequest unless `raw` is a path in its one spelling with an optional query."""
    path, mark, query = raw.partition(b"?")
    if not _PLAIN_PATH.fullmatch(path):
        _check_encoded(path)
    if not _QUERY.fullmatch(query):
        raise BadRequest("The query of the request is not understandable.")
    return Target(path, query if mark else None)


def _check_encoded(path: bytes) -> None:
    if not _ENCODED_PATH.fullmatch(path) or not all(map(_is_segment, path[1:].removesuffix(b"/").split(b"/"))):
        raise BadRequest("The path of the request is not in its canonical form.")


def _is_segment(segment: bytes) -> bool:
    decoded = unquote_to_bytes(segment)
    # `..;` is a dot segment to readers that cut path parameters off
    if decoded.partition(b";")[0] in (b".", b"..") or _FORBIDDEN_DECODED.search(decoded):
        return False
    try:
        text = decoded.decode()
    except UnicodeDecodeError:
        return False
    return not any("\x80" <= character < "\xa0" for character in text)
