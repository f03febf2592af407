"""Wire types of accounts."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from shared.email_address import MAX_LENGTH
from shared.events.auth import UserState
from shared.json_value import json_value
from shared.principal import Tier

Email = Annotated[str, Meta(min_length=3, max_length=MAX_LENGTH)]
NewPassword = Annotated[str, Meta(min_length=8, max_length=256)]
PersonName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"\S")]
SearchText = Annotated[str, Meta(min_length=1, max_length=200)]
WebAddress = Annotated[str, Meta(min_length=1, max_length=2048)]


MAX_PREFERENCES_BYTES = 16 * 1024  # as much as one setting may have
Preferences = Annotated[
    dict[Annotated[str, Meta(max_length=200)], Annotated[Any, json_value(MAX_PREFERENCES_BYTES)]],
    Meta(max_length=1000),
]


class PatchProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    first_name: PersonName | UnsetType = UNSET
    last_name: PersonName | UnsetType = UNSET
    display_name: PersonName | UnsetType | None = UNSET
    avatar_url: WebAddress | UnsetType | None = UNSET
    preferences: Preferences | UnsetType | None = UNSET


class UserView(UserState, frozen=True, kw_only=True):
    """A user as they see themselves in one tenant: `role` and `tier` are theirs there."""

    is_platform_admin: bool
    tier: Tier
    subscription_status: str | None
    subscription_id: str | None
    renews_at: datetime | None
    ends_at: datetime | None
    last_login_at: datetime | None
    preferences: dict[str, Any]
