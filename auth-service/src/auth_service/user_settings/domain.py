"""Rules of settings: the categories, the keys that have a type, and what a value may be."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from auth_service.user_settings.errors import SettingsFull
from shared.errors import FieldError, ValidationFailed
from shared.wire_enum import WireEnum

MAX_VALUE_BYTES = 16 * 1024
MAX_SETTINGS = 500  # of one member: a list nobody has to page through
MAX_SETTINGS_BYTES = 1024 * 1024  # of JSON, all values of one member together: they are answered as one map
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")

FontSize = Annotated[int, Meta(ge=6, le=72)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Category(WireEnum):
    EDITOR = "editor"
    THEME = "theme"
    LLM = "llm"
    TERMINAL = "terminal"
    WORKSPACE = "workspace"
    CUSTOM = "custom"


KNOWN: Mapping[Category, Mapping[str, Any]] = MappingProxyType(
    {
        Category.EDITOR: {"theme": Name, "font_size": FontSize, "line_numbers": bool, "word_wrap": bool},
        Category.THEME: {
            "accent_color": Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$", max_length=7)],
            "sidebar_position": Literal["left", "right"],
        },
        Category.LLM: {
            "default_model": Name,
            "temperature": Annotated[float, Meta(ge=0, le=2)],
            "max_tokens": Annotated[int, Meta(ge=1, le=1_000_000)],
        },
        Category.TERMINAL: {"shell": Name, "font_size": FontSize},
        Category.WORKSPACE: {"auto_save": bool, "save_interval": Annotated[int, Meta(ge=1, le=3600)]},
        Category.CUSTOM: {},
    }
)
"""Other keys of any category take any JSON value. `save_interval` is in seconds."""


def read_category(text: str) -> Category | None:
    return Category(text) if text.lower() in list(Category) else None


def check_setting(category: str, key: str, value: Any) -> Category:
    """Raises ValidationFailed with everything that is wrong."""
    known = read_category(category)
    wrong = []
    if known is None:
        wrong.append(FieldError("path.category", "invalid_choice", f"Choose one of: {', '.join(Category)}."))
    if not _KEY.fullmatch(key):
        reason = "A key has 1 to 64 letters, digits, dots, dashes or underscores and begins with a letter."
        wrong.append(FieldError("path.key", "invalid_format", reason))
    if len(msgspec.json.encode(value)) > MAX_VALUE_BYTES:
        wrong.append(FieldError("value", "too_long", f"A value may have {MAX_VALUE_BYTES} bytes of JSON."))
    if known is None or wrong:
        raise ValidationFailed(wrong)
    _check_type(KNOWN[known].get(key, Any), value)
    return known


def settings_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of every category; keys it does not name take any value."""
    return {
        category.value: {
            "type": "object",
            "properties": {key: msgspec.json.schema(shape) for key, shape in keys.items()},
            "additionalProperties": True,
        }
        for category, keys in KNOWN.items()
    }


def _check_type(shape: Any, value: Any) -> None:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        code = "wrong_type" if str(error).startswith("Expected") and ", got" in str(error) else "invalid"
        raise ValidationFailed([FieldError("value", code, str(error))]) from None


def require_room(number: int, size: int, value: Any) -> None:
    """For one more beside `number` others with `size` bytes. Raises SettingsFull."""
    if number >= MAX_SETTINGS or size + len(msgspec.json.encode(value)) > MAX_SETTINGS_BYTES:
        raise SettingsFull
