"""Wire types of closing an account."""

from typing import Annotated

import msgspec
from msgspec import Meta

from auth_service.mfa.schemas import Code
from auth_service.sessions.schemas import MAX_GIVEN


class CloseAccount(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    password: Annotated[str, Meta(max_length=MAX_GIVEN)]
    code: Code | None = None
    """For accounts with a second factor, unless a code was given just before."""
