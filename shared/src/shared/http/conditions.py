"""Conditional requests (RFC 9110, section 13) over the `version` that every mutable resource carries.

An entity tag is `"<version>-<checksum>"`: the version decides If-Match, the checksum of the rendered body decides
If-None-Match, because two readers may see the same version differently.
"""

import re
from typing import NamedTuple, Protocol
from zlib import crc32

import msgspec

from shared.errors import PreconditionFailed

_TAG = re.compile(r'(?:W/)?"(\d{1,18})(?:-[0-9a-f]{8})?"|(\d{1,18})')


class IfMatch(NamedTuple):
    """The versions a write is willing to replace; None means any."""

    versions: tuple[int, ...] | None

    def allows(self, version: int) -> bool:
        return self.versions is None or version in self.versions


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


def refuse_stale(if_match: IfMatch, current: Versioned) -> None:
    """Raises PreconditionFailed with the current state, so that the caller can merge without another read."""
    if not if_match.allows(current.version):
        raise PreconditionFailed(details={"current": msgspec.to_builtins(current)})


def read_if_match(header: str | None) -> IfMatch:
    """A tag that is not one of ours matches nothing, so the write is refused rather than done blindly."""
    if header is None or header.strip() == "*":
        return IfMatch(None)
    matches = (_TAG.fullmatch(tag.strip()) for tag in header.split(","))
    return IfMatch(tuple(int(match[1] or match[2]) for match in matches if match))


def entity_tag(version: int, body: bytes) -> str:
    return f'"{version}-{crc32(body):08x}"'


def is_not_modified(header: str | None, tag: str) -> bool:
    """Weak comparison, as If-None-Match asks for."""
    if header is None:
        return False
    return header.strip() == "*" or tag in (given.strip().removeprefix("W/") for given in header.split(","))
