"""Wire types of second factors."""

from typing import Annotated

import msgspec
from msgspec import Meta

Code = Annotated[str, Meta(min_length=1, max_length=64, description="Six digits, or a recovery code.")]


class MfaSecret(msgspec.Struct, frozen=True, kw_only=True):
    secret: str
    otpauth_url: str


class GivenCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    code: Code


class RecoveryCodeList(msgspec.Struct, frozen=True, kw_only=True):
    """Shown this once."""

    recovery_codes: list[str]
