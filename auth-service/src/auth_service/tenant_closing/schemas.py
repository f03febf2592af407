"""Wire types of restoring a tenant."""

from typing import Annotated

import msgspec
from msgspec import Meta

from auth_service.sessions.schemas import MAX_GIVEN


class RestoreTenant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    restore_token: Annotated[str, Meta(max_length=MAX_GIVEN)]
