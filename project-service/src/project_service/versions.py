"""Optimistic concurrency: a write that names the versions it is willing to replace."""

from typing import Protocol

import msgspec

from shared.errors import PreconditionFailed
from shared.http.conditions import IfMatch


class Versioned(Protocol):
    @property
    def version(self) -> int: ...


def refuse_stale(if_match: IfMatch, current: Versioned) -> None:
    """Raises PreconditionFailed with the current state, so that the caller can merge without another read."""
    if not if_match.allows(current.version):
        raise PreconditionFailed(details={"current": msgspec.to_builtins(current)})
