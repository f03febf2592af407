"""Bodies and queries are read into their types; whatever is wrong is reported for all fields at once.

msgspec stops at the first wrong field, which is right for the fast path: the rest is collected only after a failure.
"""

import re
from collections.abc import Iterator
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import inspect

from shared.errors import BadRequest, FieldError, MalformedJson, ValidationFailed

T = TypeVar("T")
MAX_DEPTH = 64  # levels of nesting; real bodies have fewer than ten
MAX_QUERY_FIELDS = 100
MAX_REPORTED = 100
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


def read_body(body: bytes, shape: type[T]) -> T:
    """Raises MalformedJson or ValidationFailed. An empty body reads as an object without fields."""
    body = body or b"{}"
    try:
        value = msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError:
        raise ValidationFailed(_report(_parsed(body), shape, "", is_strict=True)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson from error
    _refuse_traps(body)
    return value


def read_query(query: str, shape: type[T]) -> T:
    """Raises BadRequest when it cannot be decoded, ValidationFailed when a field is wrong or given twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest("The query string cannot be decoded.") from error
    values = dict(pairs)
    wrong = [FieldError(f"query.{name}", "repeated", "Give this once.") for name in _repeated(pairs)]
    wrong += [FieldError(f"query.{n}", "invalid_format", "NUL is not allowed.") for n, v in pairs if "\x00" in n + v]
    if wrong:
        raise ValidationFailed(wrong)
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError:
        raise ValidationFailed(_report(values, shape, "query", is_strict=False)) from None


def _parsed(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson from error


def _refuse_traps(body: bytes) -> None:
    """PostgreSQL cannot store NUL, and deep nesting costs whoever walks it; both are looked for only where possible."""
    if b"\\u0000" not in body and body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    wrong = []
    for path, value, depth in _walk(_parsed(body)):
        if depth > MAX_DEPTH:
            raise MalformedJson(f"The body is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(value, str) and "\x00" in value:
            wrong.append(FieldError(path, "invalid_format", "NUL is not allowed."))
    if wrong:
        raise ValidationFailed(wrong[:MAX_REPORTED])


def _walk(root: Any) -> Iterator[tuple[str, Any, int]]:
    """Every value below `root` with its dotted path and depth; keys count as values of their own."""
    waiting: list[tuple[str, Any, int]] = [("", root, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        yield path or "body", value, depth
        if depth > MAX_DEPTH:
            continue
        if isinstance(value, dict):
            for key, item in value.items():
                yield _join(path, key), key, depth
                waiting.append((_join(path, key), item, depth + 1))
        elif isinstance(value, list):
            waiting.extend((_join(path, str(index)), item, depth + 1) for index, item in enumerate(value))


def _repeated(pairs: list[tuple[str, str]]) -> list[str]:
    names = [name for name, _ in pairs]
    return sorted({name for name in names if names.count(name) > 1})


def _report(value: Any, shape: Any, path: str, *, is_strict: bool) -> list[FieldError]:
    found = list(_wrong(value, shape, path, is_strict=is_strict))
    return found[:MAX_REPORTED] or [FieldError(path or "body", "invalid", "This is not valid.")]


def _wrong(value: Any, shape: Any, path: str, *, is_strict: bool) -> Iterator[FieldError]:
    try:
        msgspec.convert(value, shape, strict=is_strict)
    except msgspec.ValidationError as error:
        below = list(_wrong_below(value, shape, path, is_strict=is_strict))
        yield from below or [_as_field_error(path, str(error), shape)]


def _wrong_below(value: Any, shape: Any, path: str, *, is_strict: bool) -> Iterator[FieldError]:
    for part in _alternatives(shape):
        if isinstance(value, dict) and isinstance(part, type) and issubclass(part, msgspec.Struct):
            yield from _wrong_fields(value, part, path, is_strict=is_strict)
        elif isinstance(value, dict) and get_origin(part) is dict:
            for name, item in value.items():
                yield from _wrong(item, get_args(part)[1], _join(path, name), is_strict=is_strict)
        elif isinstance(value, list) and get_origin(part) in (list, tuple) and get_args(part):
            for index, item in enumerate(value):
                yield from _wrong(item, get_args(part)[0], _join(path, str(index)), is_strict=is_strict)


def _wrong_fields(
    value: dict[str, Any], shape: type[msgspec.Struct], path: str, *, is_strict: bool
) -> Iterator[FieldError]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(shape)}
    for name, field in fields.items():
        if name in value:
            yield from _wrong(value[name], field.type, _join(path, name), is_strict=is_strict)
        elif field.required:
            yield FieldError(_join(path, name), "required", "This is required.")
    if shape.__struct_config__.forbid_unknown_fields:
        for name in value.keys() - fields.keys():
            yield FieldError(_join(path, name), "unknown", "There is no such field here.")


def _alternatives(shape: Any) -> list[Any]:
    """The members of a union without its Annotated wrappings; the shape itself when it is no union."""
    if hasattr(shape, "__metadata__"):
        return _alternatives(get_args(shape)[0])
    arguments = get_args(shape)
    if get_origin(shape) in (list, tuple, dict) or not arguments:
        return [shape]
    return [part for argument in arguments for part in _alternatives(argument)]


def _as_field_error(path: str, reason: str, shape: Any) -> FieldError:
    reason = reason.split(" - at `", maxsplit=1)[0]
    code = next((code for pattern, code in _CODES if pattern.search(reason)), "invalid")
    if code == "invalid_choice":
        reason = f"Choose one of: {', '.join(_choices(shape))}."
    return FieldError(path or "body", code, reason)


def _choices(shape: Any) -> Iterator[str]:
    described = inspect.type_info(shape)
    for part in described.types if isinstance(described, inspect.UnionType) else (described,):
        if isinstance(part, inspect.EnumType):
            yield from (str(member.value) for member in part.cls)
        elif isinstance(part, inspect.LiteralType):
            yield from (str(value) for value in part.values)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
