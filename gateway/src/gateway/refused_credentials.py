"""Credentials that were refused a moment ago: shown again, they are refused without another look.

Only digests are kept, so a long credential costs no more room than a short one.
"""

import time
from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple

from gateway.credentials import Credential
from shared.errors import TesseraError

REFUSAL_KEPT_SECONDS = 5.0
"""A credential that becomes good after it was refused (a new signing key, a clock put right) waits so long at most."""
_REMEMBERED = 20_000  # about 5 MB
_DIGEST_BYTES = 16


class _Refused(NamedTuple):
    error: type[TesseraError]
    until: float
    """By the monotonic clock."""


class RefusedCredentials:
    """Apart from the good ones, so that no amount of rubbish pushes those out."""

    def __init__(self, now: Callable[[], float] = time.monotonic, remembered: int = _REMEMBERED) -> None:
        self._now = now
        self._remembered = remembered
        self._refused: dict[bytes, _Refused] = {}

    def check(self, credential: Credential) -> None:
        """Raises the remembered refusal."""
        if not self._refused:
            return
        refused = self._refused.get(_digest(credential))
        if refused is not None and self._now() < refused.until:
            raise refused.error

    def remember(self, credential: Credential, error: type[TesseraError]) -> None:
        digest = _digest(credential)
        self._refused.pop(digest, None)  # to the end of the line
        if len(self._refused) >= self._remembered:
            self._refused.pop(next(iter(self._refused)))
        self._refused[digest] = _Refused(error, self._now() + REFUSAL_KEPT_SECONDS)

    def __len__(self) -> int:
        return len(self._refused)


def _digest(credential: Credential) -> bytes:
    return blake2b(f"{credential.text}\n{credential.kind or ''}".encode(), digest_size=_DIGEST_BYTES).digest()
