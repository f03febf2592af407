"""Which fields of a value are wrong, all of them at once: msgspec names only the first.

One pass along the type, never deeper than the type goes. It ends after MAX_REPORTED errors or MAX_VISITED values, and
of an array, map or string of a wrong length it does not look at the content.
"""

import re
from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import Meta, UnsetType, inspect

from shared.errors import MAX_REPORTED, FieldError, shortened

MAX_VISITED = 20_000  # values; 30 ms
_ARRAYS = (list, tuple, set, frozenset)
_CODES = (
    (re.compile(r"missing required field"), "required"),
    (re.compile(r"unknown field"), "unknown"),
    (re.compile(r"of length >="), "too_short"),
    (re.compile(r"of length <="), "too_long"),
    (re.compile(r"^Expected `\w+` [<>]|out of range"), "out_of_range"),
    (re.compile(r"enum value"), "invalid_choice"),
    (re.compile(r"^Invalid|matching regex|timezone"), "invalid_format"),
    (re.compile(r"^Expected"), "wrong_type"),
)
_INDEX = re.compile(r"\[(?:(\d+)|\.\.\.)\]")


def wrong_fields(value: Any, shape: Any, failure: str, *, within: str, is_strict: bool) -> list[FieldError]:
    """At least one. `failure` is the message with which msgspec refused `value`: it counts where nothing else is found.
    Paths begin with `within`, or are `body` for the value itself.
    """
    search = _Search(is_strict=is_strict)
    search.visit(value, shape, within)
    return search.found or [_first_failure(failure, shape, within)]


class _Field(NamedTuple):
    name: str
    shape: Any
    is_required: bool


class _Structure(NamedTuple):
    """What of a type can be looked into: at most one kind of array, and a struct or a map."""

    is_open: bool = False
    """It takes any value."""
    array: Any = None
    """The type of its elements."""
    array_length: Meta | None = None
    fields: dict[str, _Field] | None = None
    takes_others: bool = True
    map: tuple[Any, Any] | None = None
    """The types of its names and its values."""
    map_length: Meta | None = None


class _Search:
    def __init__(self, *, is_strict: bool) -> None:
        self.found: list[FieldError] = []
        self._is_strict = is_strict
        self._left = MAX_VISITED

    @property
    def _is_over(self) -> bool:
        return self._left <= 0 or len(self.found) >= MAX_REPORTED

    def visit(self, value: Any, shape: Any, path: str) -> None:
        self._left -= 1
        structure = _structure_of(shape)
        if structure.is_open:
            return
        if isinstance(value, list) and structure.array is not None:
            if self._has_length(value, structure.array_length, "array", path):
                self._visit_elements(value, structure.array, path)
        elif isinstance(value, dict) and structure.fields is not None:
            self._visit_fields(value, structure.fields, path, takes_others=structure.takes_others)
        elif isinstance(value, dict) and structure.map is not None:
            if self._has_length(value, structure.map_length, "object", path):
                self._visit_members(value, *structure.map, path)
        else:
            self._check(value, shape, path)

    def _check(self, value: Any, shape: Any, path: str) -> None:
        try:
            msgspec.convert(value, shape, strict=self._is_strict)
        except msgspec.ValidationError as error:
            self.found.append(_as_field_error(path, str(error), shape))

    def _has_length(self, value: Any, length: Meta | None, kind: str, path: str) -> bool:
        reason = None if length is None else _wrong_length(len(value), length, kind)
        if reason is not None:
            self.found.append(_as_field_error(path, reason, None))
        return reason is None

    def _visit_elements(self, values: list[Any], shape: Any, path: str) -> None:
        for index, value in enumerate(values):
            if self._is_over:
                return
            self.visit(value, shape, _join(path, str(index)))

    def _visit_members(self, values: dict[str, Any], name_shape: Any, shape: Any, path: str) -> None:
        for name, value in values.items():
            if self._is_over:
                return
            place = _join(path, name)
            self._check(name, name_shape, place)
            self.visit(value, shape, place)

    def _visit_fields(
        self, values: dict[str, Any], fields: dict[str, _Field], path: str, *, takes_others: bool
    ) -> None:
        for name, field in fields.items():
            if self._is_over:
                return
            if name in values:
                self.visit(values[name], field.shape, _join(path, name))
            elif field.is_required:
                self.found.append(FieldError(_join(path, name), "required", "This is required."))
        for name in () if takes_others else values:
            if self._is_over:
                return
            self._left -= 1
            if name not in fields:
                self.found.append(FieldError(_join(path, name), "unknown", "There is no such field here."))


@cache
def _structure_of(shape: Any) -> _Structure:
    structure = _Structure()
    for part, length in _alternatives(shape, None):
        structure = structure._replace(**_facts_of(part, length))
    return structure


def _facts_of(part: Any, length: Meta | None) -> dict[str, Any]:
    origin, arguments = get_origin(part) or part, get_args(part)
    if part is Any or part is msgspec.Raw:
        return {"is_open": True}
    if origin in _ARRAYS and arguments and (origin is not tuple or arguments[-1] is Ellipsis):
        return {"array": arguments[0], "array_length": length}
    if origin is dict and arguments:
        return {"map": arguments, "map_length": length}
    if isinstance(origin, type) and issubclass(origin, msgspec.Struct):
        return {"fields": _fields_of(part), "takes_others": not origin.__struct_config__.forbid_unknown_fields}
    return {}


def _fields_of(shape: Any) -> dict[str, _Field]:
    return {
        field.encode_name: _Field(field.encode_name, field.type, field.required)
        for field in msgspec.structs.fields(shape)
    }


def _alternatives(shape: Any, length: Meta | None) -> Iterator[tuple[Any, Meta | None]]:
    """The members of a union, or the shape itself, each with what is said of its length."""
    if hasattr(shape, "__metadata__"):
        inner, *said = get_args(shape)
        metas = [meta for meta in said if isinstance(meta, Meta) and _bounds_length(meta)]
        yield from _alternatives(inner, metas[-1] if metas else length)
    elif _is_union(shape):
        for argument in get_args(shape):
            yield from _alternatives(argument, length)
    elif shape is not UnsetType and shape is not type(None):
        yield shape, length


def _is_union(shape: Any) -> bool:
    return get_origin(shape) in (Union, UnionType)


def _bounds_length(meta: Meta) -> bool:
    return meta.min_length is not None or meta.max_length is not None


def _wrong_length(length: int, wanted: Meta, kind: str) -> str | None:
    """As msgspec says it."""
    if wanted.max_length is not None and length > wanted.max_length:
        return f"Expected `{kind}` of length <= {wanted.max_length}"
    if wanted.min_length is not None and length < wanted.min_length:
        return f"Expected `{kind}` of length >= {wanted.min_length}"
    return None


def _first_failure(failure: str, shape: Any, within: str) -> FieldError:
    reason, _, place = failure.partition(" - at `$")
    path = _INDEX.sub(lambda index: f".{index[1] or '*'}", place.rstrip("`")).strip(".")
    return _as_field_error(_join(within, path) if path else within, reason, shape)


def _as_field_error(path: str, reason: str, shape: Any) -> FieldError:
    reason = reason.split(" - at `", maxsplit=1)[0]
    code = next((code for pattern, code in _CODES if pattern.search(reason)), "invalid")
    choices = ", ".join(_choices(shape)) if code == "invalid_choice" else ""
    return FieldError(path or "body", code, f"Choose one of: {choices}." if choices else reason)


def _choices(shape: Any) -> Iterator[str]:
    described = inspect.type_info(shape)
    for part in described.types if isinstance(described, inspect.UnionType) else (described,):
        if isinstance(part, inspect.EnumType):
            yield from (str(member.value) for member in part.cls)
        elif isinstance(part, inspect.LiteralType):
            yield from (str(value) for value in part.values)


def _join(path: str, name: str) -> str:
    name = shortened(name)  # it stands in front of everything below it
    return f"{path}.{name}" if path else name
