"""Bodies and queries are read into their types; whatever is wrong is reported for all fields at once.

msgspec stops at the first wrong field, which is right for the fast path: the rest is collected only after a failure.
What a text may hold is bounded before it is parsed (`json_limits`), and so is the search for errors (`wrong_fields`).
"""

import gc
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from shared.errors import MAX_REPORTED, BadRequest, FieldError, MalformedJson, ValidationFailed, shortened
from shared.http.json_limits import require_modest
from shared.http.wrong_fields import wrong_fields

T = TypeVar("T")
MAX_QUERY_FIELDS = 100
MANY_VALUES_BYTES = 16 * 1024
_CONTAINERS = (dict, list)
_HOLD_TEXT = {str, *_CONTAINERS}


def read_body(body: bytes, shape: type[T]) -> T:
    """Raises MalformedJson or ValidationFailed. An empty body reads as an object without fields."""
    body = body or b"{}"
    require_modest(body)
    try:
        value: T = _decoded(body, shape)
    except msgspec.ValidationError as error:
        found = wrong_fields(_parsed(body), shape, str(error), within="", is_strict=True)
        raise ValidationFailed(found) from None
    _refuse_nul(body)
    return value


def read_query(query: str, shape: type[T]) -> T:
    """Raises BadRequest when it cannot be decoded, ValidationFailed when a field is wrong or given twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise BadRequest("The query string cannot be decoded.") from error
    times = Counter(name for name, _ in pairs)
    wrong = [FieldError(f"query.{name}", "repeated", "Give this once.") for name in sorted(times) if times[name] > 1]
    wrong += [FieldError(f"query.{n}", "invalid_format", "NUL is not allowed.") for n, v in pairs if "\x00" in n + v]
    if wrong:
        raise ValidationFailed(wrong)
    values = dict(pairs)
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        found = wrong_fields(values, shape, str(error), within="query", is_strict=False)
        raise ValidationFailed(found) from None


def _decoded(body: bytes, shape: Any) -> Any:
    """Raises msgspec.ValidationError, which is the shape's, or MalformedJson."""
    try:
        if len(body) <= MANY_VALUES_BYTES:
            return msgspec.json.decode(body, type=shape)
        with _without_collections():
            return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson from error


def _parsed(body: bytes) -> Any:
    """Raises MalformedJson, for numbers that no type can hold, too."""
    try:
        return _decoded(body, Any)
    except msgspec.ValidationError as error:
        raise MalformedJson from error


@contextmanager
def _without_collections() -> Iterator[None]:
    """A parser makes no garbage, but its 100,000 arrays start collections, which took 0.17 of 0.2 s."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _refuse_nul(body: bytes) -> None:
    """PostgreSQL cannot store it. Nothing is looked for where no escape of the body can be one."""
    if b"\\u0000" in body:
        found: list[FieldError] = []
        _find_nul(_parsed(body), (), found)
        if found:
            raise ValidationFailed(found)


def _find_nul(value: Any, path: tuple[str | int, ...], found: list[FieldError]) -> None:
    """Adds what is below `path`, which becomes text only where there is something to report."""
    for step, item in value.items() if isinstance(value, dict) else _texts_and_containers(value):
        if len(found) >= MAX_REPORTED:
            return
        if isinstance(step, str) and "\x00" in step:
            found.append(_nul_at(*path, step))
        if isinstance(item, str):
            if "\x00" in item:
                found.append(_nul_at(*path, step))
        elif isinstance(item, _CONTAINERS):
            _find_nul(item, (*path, step), found)


def _texts_and_containers(values: list[Any]) -> list[tuple[int, Any]]:
    return [(index, value) for index, value in enumerate(values) if type(value) in _HOLD_TEXT]


def _nul_at(*path: str | int) -> FieldError:
    return FieldError(".".join(shortened(str(step)) for step in path), "invalid_format", "NUL is not allowed.")
