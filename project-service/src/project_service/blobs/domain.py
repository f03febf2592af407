"""Contents and how much of them a tenant may keep."""

import hashlib
from typing import NamedTuple

INLINE_BYTES = 64 * 1024
"""Up to here a content is a column: read with its row, in one transaction with it. A store is slower for small ones."""


class Content(NamedTuple):
    sha256: str
    data: bytes

    @classmethod
    def of(cls, data: bytes) -> "Content":
        return cls(hashlib.sha256(data).hexdigest(), data)

    @property
    def is_inline(self) -> bool:
        return len(self.data) <= INLINE_BYTES
