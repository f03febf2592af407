"""One example for any JSON Schema of ours: deterministic, valid against the schema, and as a reader would expect it."""

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

Schema = Mapping[str, Any]
_REFERENCE = "#/components/schemas/"
_MOMENT = "2026-03-14T09:26:53Z"
_BY_FORMAT = {
    "date-time": _MOMENT,
    "date": "2026-03-14",
    "time": "09:26:53Z",
    "email": "ada@example.com",
    "uri": "https://example.com/",
    "byte": "VGVzc2VyYQ==",
}
_BY_NAME: Mapping[str, Any] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "display_name": "Ada Lovelace",
    "full_name": "Ada Lovelace",
    "token_type": "Bearer",
    "name": "Apollo",
    "title": "Book the venue",
    "description": "What it takes to get there.",
    "content": "What is left to do this week?",
    "body": "Looks good to me.",
    "password": "correct horse battery",
    "slug": "apollo",
    "topic": "tasks:0199f2a4-6c00-7000-8000-000000000001",
    "type": "task.updated",
    "epoch": "0199f2a4",
    "language": "en",
    "locale": "en-GB",
    "timezone": "Europe/London",
    "currency": "EUR",
    "scopes": ["tasks:read"],
    "page_size": 20,
    "version": 3,
}
_BY_ENDING = {"_at": _MOMENT, "email": "ada@example.com", "url": "https://example.com/", "_name": "Apollo"}
# For patterns: the kinds of text that APIs ask for.
_TEXTS = ("apollo", "Apollo", "task.updated", "tasks:read", "123456", "EUR", "en-GB", "#3366ff", "0" * 64, "me", "/a/b")
_ELSEWHERE = ("_id", "token")  # optional fields that only make sense with something that exists already
_FEW = ("items", "total", "page", "offset")  # numbers that stand for one thing in these examples


class Examples:
    """`components` are the schemas that references lead to."""

    def __init__(self, components: Mapping[str, Schema]) -> None:
        self._components = components

    def of(self, schema: Schema, name: str = "") -> Any:
        """A value of the schema; `name` is that of the field it stands in."""
        return self._value(schema, name, ())

    def _value(self, schema: Schema, name: str, within: tuple[str, ...]) -> Any:
        if "$ref" in schema:
            target = schema["$ref"].removeprefix(_REFERENCE)
            return self._value(self._components[target], name, (*within, target))
        if "examples" in schema:
            return schema["examples"][0]
        for key in ("const", "default"):
            if schema.get(key) not in (None, [], {}):
                return schema[key]
        if "enum" in schema:
            return schema["enum"][0]
        if "anyOf" in schema or "oneOf" in schema:
            return self._value(self._choice(schema, within), name, within)
        return self._by_type(schema, name, within)

    def _choice(self, schema: Schema, within: tuple[str, ...]) -> Schema:
        """The first alternative that says something and does not lead back to where we are."""
        choices: list[Schema] = schema.get("anyOf") or schema["oneOf"]
        telling = [one for one in choices if one.get("type") != "null" and not _leads_back(one, within)]
        return telling[0] if telling else {"type": "null"}

    def _by_type(self, schema: Schema, name: str, within: tuple[str, ...]) -> Any:
        match schema.get("type"):
            case "object":
                return self._object(schema, within)
            case "array":
                return self._array(schema, name, within)
            case "string":
                return _text(schema, name)
            case "integer" | "number":
                return _number(schema, name)
            case "boolean":
                return name.startswith("is_")
            case "null":
                return None
        return {}

    def _object(self, schema: Schema, within: tuple[str, ...]) -> dict[str, Any]:
        required = schema.get("required", ())
        named = {
            key: self._value(inner, key, within)
            for key, inner in schema.get("properties", {}).items()
            if key in required or not (key.endswith(_ELSEWHERE) or _leads_back(inner, within))
        }
        return {key: value for key, value in named.items() if value is not None or key in required}

    def _array(self, schema: Schema, name: str, within: tuple[str, ...]) -> list[Any]:
        if "prefixItems" in schema:
            return [self._value(inner, name, within) for inner in schema["prefixItems"]]
        if isinstance(_BY_NAME.get(name), list):
            return list(_BY_NAME[name])
        inner = schema.get("items") or {}
        if not inner or _leads_back(inner, within):
            return []
        return [self._value(inner, name.removesuffix("s"), within)] * max(1, schema.get("minItems", 1))


def _leads_back(schema: Schema, within: tuple[str, ...]) -> bool:
    if schema.get("$ref", "").removeprefix(_REFERENCE) in within:
        return True
    return schema.get("type") == "array" and _leads_back(schema.get("items") or {}, within)


def _text(schema: Schema, name: str) -> str:
    if schema.get("format") == "uuid" or _is_id(name):
        return example_id(name)
    by_ending = next((value for ending, value in _BY_ENDING.items() if name.endswith(ending)), None)
    candidates = (_BY_FORMAT.get(schema.get("format", "")), _BY_NAME.get(name), by_ending, name, *_TEXTS)
    for candidate in candidates:
        if isinstance(candidate, str) and _fits(candidate, schema):
            return candidate
    length: int = schema.get("minLength", 1)
    return "x" * max(length, 1)


def _fits(text: str, schema: Schema) -> bool:
    if not schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text)):
        return False
    return "pattern" not in schema or re.search(schema["pattern"], text) is not None


def _number(schema: Schema, name: str) -> int | float:
    least: int | float = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    wished = 1 if name in _FEW else _BY_NAME.get(name, 1)
    value = max(least, wished if isinstance(wished, int) else 1)
    if value == schema.get("exclusiveMinimum"):
        value += 1
    most: int | float = schema.get("maximum", value)
    return min(value, most)


def _is_id(name: str) -> bool:
    return name == "id" or name.endswith("_id")


def example_id(name: str) -> str:
    """The same UUIDv7 wherever something of this name stands, so that examples fit together."""
    digest = sha256(name.encode()).digest()
    bits = (0x0199F2A46C00 << 80) | (0x7 << 76) | (0b10 << 62)
    return str(UUID(int=bits | (int.from_bytes(digest[:7], "big") & ((1 << 56) - 1))))
