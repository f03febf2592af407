"""Every array, map, string and free JSON value that a request can hold has a largest size, and the documents say it."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from deploy.tests.test_documentation import served
from realtime_service.dialects.project_frames import CLIENT_DATA
from realtime_service.dialects.socketio_frames import CLIENT_EVENTS, Hello
from realtime_service.dialects.topics_frames import CLIENT_FRAMES
from shared.http.openapi import schema_components

SHORT_FORMATS = {"uuid", "date-time", "date"}
NAMED_BY_IDS = "live frame Hello: Hello.since (names)"
"""A map from UUIDs, which schemas do not tell from other names."""
WORDS_OF_SCHEMAS = {"title", "description", "default", "examples"}


def request_shapes() -> Iterator[tuple[str, Any]]:
    for service, operation in served():
        shapes = [operation.signature.body, operation.signature.query, *operation.takes.values()]
        yield from ((f"{service} {operation.method} {operation.path}", shape) for shape in shapes if shape is not None)
    for frame in (*CLIENT_FRAMES.values(), *CLIENT_DATA.values(), *CLIENT_EVENTS.values(), Hello):
        yield f"live frame {frame.__name__}", frame


def unbounded(schema: dict[str, Any], components: dict[str, Any], path: str) -> Iterator[str]:
    """Paths of what has no largest size."""
    if "$ref" in schema:
        schema = components[schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", ()):
        yield from unbounded(option, components, path)
    if not schema.keys() - WORDS_OF_SCHEMAS:
        yield path
    match schema.get("type"):
        case "string" if not is_bounded_string(schema):
            yield path
        case "array":
            yield from unbounded_parts(schema, "maxItems", "items", components, path)
        case "object" if "properties" not in schema:
            yield from unbounded_parts(schema, "maxProperties", "additionalProperties", components, path)
            if "maxLength" not in schema.get("propertyNames", {}) and "format" not in schema.get("propertyNames", {}):
                yield f"{path} (names)"
    for name, part in schema.get("properties", {}).items():
        yield from unbounded(part, components, f"{path}.{name}")


def is_bounded_string(schema: dict[str, Any]) -> bool:
    return "maxLength" in schema or "enum" in schema or schema.get("format") in SHORT_FORMATS


def unbounded_parts(
    schema: dict[str, Any], limit: str, parts: str, components: dict[str, Any], path: str
) -> Iterator[str]:
    if limit not in schema:
        yield path
    if isinstance(schema.get(parts), dict):
        yield from unbounded(schema[parts], components, f"{path}[]")


def test_everything_in_a_request_has_a_largest_size():
    found = []
    for name, shape in request_shapes():
        (schema,), components = schema_components([shape])
        found += [f"{name}: {path}" for path in unbounded(schema, components, shape.__name__)]

    found = [each for each in found if each != NAMED_BY_IDS]
    assert not found, "give these a max_length, or json_value where they are free JSON:\n" + "\n".join(found)


class Loose(msgspec.Struct):
    text: str
    rows: list[int]
    names: dict[str, int]
    anything: Any
    nested: list["Nested"]


class Nested(msgspec.Struct):
    text: str | None


@pytest.mark.parametrize(
    "path", ["Loose.text", "Loose.rows", "Loose.names", "Loose.names (names)", "Loose.anything", "Loose.nested[].text"]
)
def test_what_has_no_largest_size_is_found(path: str):
    (schema,), components = schema_components([Loose])

    assert path in set(unbounded(schema, components, "Loose"))
