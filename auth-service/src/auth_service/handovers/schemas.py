"""Wire types of carrying a session over."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from auth_service.accounts.schemas import UserView
from auth_service.sessions.schemas import MAX_GIVEN


class SessionLink(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    expires_at: datetime


class ExchangeToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: Annotated[str, Meta(min_length=1, max_length=MAX_GIVEN)]


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """The session itself is in the cookie."""

    status: Literal["success"] = "success"
    user: UserView
