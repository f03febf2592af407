"""Recovery codes: what lets somebody in who has lost their authenticator, each of them once."""

import base64
import hmac
import os
import re

from shared.sealing import derive_key

COUNT = 10
CODE_BYTES = 10  # 80 bits: nobody guesses one, so a fast digest keeps them as well as a slow hash would
_GROUP = 4
_SEPARATORS = re.compile(r"[\s-]+")


class RecoveryCodes:
    def __init__(self, secret: str) -> None:
        self._key = derive_key(secret, "recovery codes")

    def make(self) -> list[str]:
        return [_grouped(base64.b32encode(os.urandom(CODE_BYTES)).decode()) for _ in range(COUNT)]

    def digest(self, code: str) -> bytes:
        """Of a code as people type it: in any case, with or without dashes."""
        plain = _SEPARATORS.sub("", code).upper()
        return hmac.digest(self._key, plain.encode(), "sha256")


def _grouped(text: str) -> str:
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP)).lower()
