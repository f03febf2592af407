"""The OpenAPI 3.1 document of a service, made from the very operations it serves."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

import msgspec

from shared.errors import (
    AuthRequired,
    BadRequest,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyMismatch,
    InvalidToken,
    MalformedJson,
    SessionRevoked,
    TesseraError,
    TokenExpired,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from shared.http.answers import Accepted, Created, WithHeaders
from shared.http.routes import Operation, Routes
from shared.introspection import SESSION_COOKIE
from shared.pagination import PageOf

_REFERENCE = "#/components/schemas/{name}"
_AT_THE_DOOR = (414, 431)  # the gateway's own refusals of an address or headers that are too long


_SECURITY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


class ErrorFact(msgspec.Struct):
    code: str
    message: str
    details: dict[str, Any]
    trace_id: str


class ErrorAnswer(msgspec.Struct):
    error: ErrorFact


def openapi_document(service: str, groups: Sequence[Routes]) -> dict[str, Any]:
    operations = [operation for group in groups for operation in group.operations if operation.documented]
    shapes = list(_distinct(shape for operation in operations for shape in _shapes(operation)))
    schemas, components = msgspec.json.schema_components([*shapes, ErrorAnswer], ref_template=_REFERENCE)
    schema_of = dict(zip(map(str, [*shapes, ErrorAnswer]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation, schema_of)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Tessera {service}-service", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": _SECURITY_SCHEMES,
        },
    }


def _shapes(operation: Operation) -> Iterator[Any]:
    signature = operation.signature
    yield from (shape for shape in (signature.body, signature.query) if shape is not None)
    _, shape, _ = _answer(signature.answer)
    if shape is not None:
        yield shape


def _distinct(shapes: Iterator[Any]) -> Iterator[Any]:
    seen: set[str] = set()
    for shape in shapes:
        if str(shape) not in seen:
            seen.add(str(shape))
            yield shape


def _answer(answer: Any) -> tuple[int, Any, bool]:
    """Status, shape and whether the shape stands inside `data`."""
    origin = get_origin(answer)
    if origin is WithHeaders:
        return _answer(get_args(answer)[0])
    if answer is None or answer is type(None):
        return 204, None, False
    if origin is Created:
        return 201, get_args(answer)[0], True
    if origin is Accepted:
        return 202, get_args(answer)[0], True
    if origin is PageOf:
        return 200, answer, False
    is_struct = isinstance(answer, type) and issubclass(answer, msgspec.Struct)
    return 200, answer if is_struct else None, True


def _describe(operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": f"{operation.method.lower()}{_camel(operation.path)}",
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": _security(operation),
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {**_success(operation, schema_of), **_failures(operation)},
    }
    if operation.signature.body is not None:
        content = {"application/json": {"schema": schema_of[str(operation.signature.body)]}}
        is_required = any(field.required for field in msgspec.structs.fields(operation.signature.body))
        described["requestBody"] = {"required": is_required, "content": content}
    return described


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    """Any one of these is enough."""
    if operation.public:
        return []
    person: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
    return person if operation.resource is None else [*person, {"key": []}]


def _camel(path: str) -> str:
    return "".join(word.title() for word in re.split(r"[^a-zA-Z0-9]+", path.removeprefix("/api/v1")))


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name, kind in operation.signature.path.items():
        yield {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(kind)}


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.signature.query is None:
        return
    for field in msgspec.structs.fields(operation.signature.query):
        (schema,), _ = msgspec.json.schema_components([field.type], ref_template=_REFERENCE)
        yield {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}


def _success(operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    status, shape, is_wrapped = _answer(operation.signature.answer)
    if shape is None:
        return {str(status): {"description": "Done."}}
    schema = schema_of[str(shape)]
    if is_wrapped:
        schema = {"type": "object", "properties": {"data": schema}, "required": ["data"]}
    return {str(status): {"description": "Success.", "content": {"application/json": {"schema": schema}}}}


def _conventional(operation: Operation) -> Iterator[type[TesseraError]]:
    """What any operation of its kind can answer, without its handler saying so."""
    yield from (BadRequest, TooManyRequests, Unavailable)
    if not operation.public:
        yield from (AuthRequired, InvalidToken, TokenExpired, SessionRevoked)
        yield Forbidden  # to API keys, whose scopes may lack it
    if operation.signature.body is not None:
        yield from (MalformedJson, TooLarge, UnsupportedMediaType)
    if operation.signature.body is not None or operation.signature.query is not None:
        yield ValidationFailed
    if operation.honours_keys:
        yield from (IdempotencyInProgress, IdempotencyMismatch)


def _failures(operation: Operation) -> dict[str, Any]:
    by_status: dict[int, list[str]] = {status: [BadRequest.code] for status in _AT_THE_DOOR}
    for error in dict.fromkeys([*operation.errors, *_conventional(operation)]):
        by_status.setdefault(error.status, []).append(error.code)
    content = {"application/json": {"schema": {"$ref": _REFERENCE.format(name="ErrorAnswer")}}}
    return {
        str(status): {"description": ", ".join(codes), "content": content}
        for status, codes in sorted(by_status.items())
    }
