"""Wire types of settings."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from auth_service.user_settings.domain import MAX_VALUE_BYTES, Category
from shared.json_value import json_value


class SettingsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    category: Category | None = None


class PutSetting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    value: Annotated[Any, json_value(MAX_VALUE_BYTES)]


class SettingView(msgspec.Struct, frozen=True, kw_only=True):
    category: Category
    key: str
    value: Any
    version: int
    created_at: datetime
    updated_at: datetime


class SettingsSchema(msgspec.Struct, frozen=True, kw_only=True):
    """`categories` maps each category to its JSON Schema."""

    categories: dict[str, Any]
    max_value_bytes: int
    max_settings: int
