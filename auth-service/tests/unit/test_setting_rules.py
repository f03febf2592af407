"""Rules of settings: known keys have a type, all others take any JSON of a sane size."""

from typing import Any

import pytest

from auth_service.user_settings.domain import MAX_VALUE_BYTES, Category, check_setting, settings_schema
from shared.errors import ValidationFailed


@pytest.mark.parametrize(
    ("category", "key", "value"),
    [
        ("editor", "theme", "solarized"),
        ("editor", "font_size", 14),
        ("editor", "line_numbers", False),
        ("editor", "word_wrap", True),
        ("llm", "default_model", "any-model"),
        ("llm", "temperature", 0.7),
        ("llm", "temperature", 1),
        ("llm", "max_tokens", 4096),
        ("theme", "accent_color", "#1E90ff"),
        ("theme", "sidebar_position", "right"),
        ("terminal", "shell", "/bin/zsh"),
        ("terminal", "font_size", 12),
        ("workspace", "auto_save", True),
        ("workspace", "save_interval", 30),
        ("Editor", "minimap", {"width": [1, 2.5, None]}),
        ("custom", "anything.goes-here_1", None),
    ],
)
def test_a_fitting_value_passes(category: str, key: str, value: Any) -> None:
    assert check_setting(category, key, value) is Category(category)


@pytest.mark.parametrize(
    ("category", "key", "value", "path"),
    [
        ("editor", "theme", 3, "value"),
        ("editor", "font_size", "14", "value"),
        ("editor", "font_size", True, "value"),
        ("editor", "font_size", 500, "value"),
        ("editor", "line_numbers", 1, "value"),
        ("editor", "word_wrap", None, "value"),
        ("llm", "temperature", 2.5, "value"),
        ("llm", "max_tokens", 0, "value"),
        ("theme", "accent_color", "red", "value"),
        ("theme", "accent_color", "#1E90ff\n", "value"),
        ("theme", "sidebar_position", "top", "value"),
        ("terminal", "shell", "", "value"),
        ("workspace", "auto_save", "yes", "value"),
        ("workspace", "save_interval", 0, "value"),
        ("custom", "blob", "x" * MAX_VALUE_BYTES, "value"),
        ("nowhere", "key", 1, "path.category"),
        ("custom", "1key", 1, "path.key"),
        ("custom", "k" * 65, 1, "path.key"),
        ("custom", "key%20", 1, "path.key"),
    ],
)
def test_a_wrong_setting_says_what_is_wrong(category: str, key: str, value: Any, path: str) -> None:
    with pytest.raises(ValidationFailed) as failure:
        check_setting(category, key, value)

    assert [field.path for field in failure.value.fields] == [path]


def test_a_value_may_be_as_large_as_the_limit() -> None:
    check_setting("custom", "blob", "x" * (MAX_VALUE_BYTES - 2))


def test_the_schema_says_the_same() -> None:
    schema = settings_schema()

    assert set(schema) == set(Category)
    assert schema["editor"]["properties"]["font_size"] == {"type": "integer", "minimum": 6, "maximum": 72}
    assert schema["theme"]["properties"]["sidebar_position"] == {"enum": ["left", "right"]}
