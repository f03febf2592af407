"""Fills a handler's parameters from a request: what a handler needs stands in its signature.

`principal` is the verified caller, `body` and `query` are typed structs, path parameters go by name,
`if_match` and `caller` come from headers; everything else is a part of the service, found by its type.
"""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, get_type_hints
from uuid import UUID

import msgspec

from shared.caller import Caller
from shared.errors import NotFound, RouteNotFound, UnsupportedMediaType, ValidationFailed, catalogue
from shared.http.app import Request
from shared.http.caller import read_caller
from shared.http.conditions import IfMatch, read_if_match
from shared.http.validation import read_body, read_query
from shared.principal import Principal

LONGEST_NUMBER = 9  # digits: every such number fits an int column
_JSON_TYPES = ("application/json", "application/merge-patch+json")


class Signature(NamedTuple):
    """What a handler asks for, read once when its route is declared."""

    path: dict[str, type]
    body: type | None
    query: type | None
    wants: dict[str, type]
    parts: dict[str, type]
    answer: Any


_FROM_REQUEST: dict[type, Callable[[Request], Any]] = {
    Request.__origin__: lambda request: request,  # type: ignore[attr-defined]
    IfMatch: lambda request: read_if_match(request.headers.get("if-match")),
    Caller: read_caller,
    Principal: lambda request: request.ctx.principal,
}


def read_signature(handler: Callable[..., Any], path: str) -> Signature:
    """Raises TypeError when a path parameter is not asked for or a parameter has no type."""
    hints = get_type_hints(handler)
    answer = hints.pop("return", None)
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]  # in order: the first wrong id is named
    if missing := (set(names) - hints.keys()) | (inspect.signature(handler).parameters.keys() - hints.keys()):
        raise TypeError(f"{handler.__qualname__} must take and annotate {', '.join(sorted(missing))}")
    body, query = hints.pop("body", None), hints.pop("query", None)
    in_path = {name: hints.pop(name) for name in names}
    wants = {name: _plain(hint) for name, hint in hints.items() if _plain(hint) in _FROM_REQUEST}
    parts = {name: hint for name, hint in hints.items() if name not in wants}
    return Signature(in_path, body, query, wants, parts, answer)


def make_binder(signature: Signature, parts: Mapping[type, Any]) -> Callable[[Request, dict[str, str]], dict[str, Any]]:
    """A function from a request to the handler's arguments. Raises TypeError when a part is missing."""
    if missing := {kind.__name__ for kind in signature.parts.values() if kind not in parts}:
        raise TypeError(f"no part of type {', '.join(sorted(missing))} was given to this app")
    fixed = {name: parts[kind] for name, kind in signature.parts.items()}
    readers = [(name, _FROM_REQUEST[kind]) for name, kind in signature.wants.items()]

    def bind(request: Request, path: dict[str, str]) -> dict[str, Any]:
        arguments = dict(fixed)
        for name, kind in signature.path.items():
            arguments[name] = _path_value(name, kind, path[name])
        for name, read in readers:
            arguments[name] = read(request)
        if signature.query is None and signature.body is None:
            return arguments
        return {**arguments, **_read_input(request, signature)}

    return bind


def _plain(hint: Any) -> Any:
    return getattr(hint, "__origin__", hint)


def _path_value(name: str, kind: type, text: str) -> Any:
    if kind is int:
        return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else _no_such(name)
    if kind is not UUID:
        return text
    try:
        return UUID(text) if len(text) == 36 else _no_such(name)
    except ValueError:
        return _no_such(name)


def _no_such(name: str) -> Any:
    """An id that cannot exist is answered like one that does not; `other_task_id` names a task as `task_id` does."""
    words = name.removesuffix("_id").upper().split("_")
    for first in range(len(words)):
        error = catalogue().get("_".join([*words[first:], "NOT_FOUND"]))
        if error is not None and issubclass(error, NotFound):
            raise error
    raise RouteNotFound


def _read_input(request: Request, signature: Signature) -> dict[str, Any]:
    """Body and query together, so that wrong fields of both are reported at once."""
    found: dict[str, Any] = {}
    wrong: list[Any] = []
    for name, shape, read in (
        ("query", signature.query, lambda kind: read_query(request.query_string, kind)),
        ("body", signature.body, lambda kind: _read_json(request, kind)),
    ):
        if shape is None:
            continue
        try:
            found[name] = read(shape)
        except ValidationFailed as failure:
            wrong += failure.fields
    if wrong:
        raise ValidationFailed(wrong)
    return found


def _read_json(request: Request, shape: type[msgspec.Struct]) -> msgspec.Struct:
    content_type = request.headers.get("content-type", _JSON_TYPES[0]).partition(";")[0].strip().lower()
    if request.body and content_type not in _JSON_TYPES:
        raise UnsupportedMediaType
    return read_body(request.body, shape)
