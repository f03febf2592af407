"""The OpenAPI 3.1 document of a service, made from the very operations it serves."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, get_args, get_origin

import msgspec
from sanic.response import ResponseStream

from shared.errors import (
    AuthRequired,
    BadRequest,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyMismatch,
    IdempotentAnswerGone,
    InvalidToken,
    MalformedJson,
    PreconditionFailed,
    SessionRevoked,
    TesseraError,
    TokenExpired,
    TooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMediaType,
    ValidationFailed,
)
from shared.http.answers import Accepted, Bare, Created, WithHeaders, alternatives
from shared.http.conditions import IfMatch
from shared.http.documented_errors import TRACE_ID, ErrorAnswer, add_failures, error_codes
from shared.http.examples import Examples, example_id
from shared.http.routes import FORM, FORM_FIELD, Operation, Raw, Routes
from shared.idempotency import MAX_KEY_LENGTH
from shared.pagination import PageOf, PageTooLarge
from shared.release import RELEASE
from shared.scopes import required_scope
from shared.session_cookie import HOST_SESSION_COOKIE, SESSION_COOKIE

OPENAPI = "3.1.0"
EVENT_STREAM = "text/event-stream"
_ETAG = '"3-1c291ca3"'

_SECURITY_SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token from sign-in, or an API key (`tsk_...`).",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": f"The session cookie of browsers; over TLS its name is `{HOST_SESSION_COOKIE}`."
        " Writes also need the `Origin` of an allowed web app.",
    },
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key, within its scopes."},
}


def _header(description: str, example: str | int) -> dict[str, Any]:
    kind = "integer" if isinstance(example, int) else "string"
    return {"description": description, "schema": {"type": kind}, "example": example}


_HEADERS = {
    "X-Request-Id": _header("The W3C trace id of this request, on every answer.", TRACE_ID),
    "ETag": _header("Names this state of the resource, for `If-Match` and `If-None-Match`.", _ETAG),
    "Location": _header("The path of what was created, or where the job can be watched.", "/api/v1/things/1"),
    "Idempotent-Replayed": _header("`true` when this is the stored answer of an earlier request.", "true"),
    "Retry-After": _header("Seconds to wait before the next attempt.", 12),
    "WWW-Authenticate": _header("The scheme that is asked for.", "Bearer"),
    "RateLimit": _header("What is left of the limit nearest to its end, on limited routes.", '"user-minute";r=97;t=42'),
    "RateLimit-Policy": _header("The limits that count this request.", '"user-minute";q=100;w=60'),
}


def _request_header(name: str, description: str, example: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }


_PARAMETERS = {
    "Idempotency-Key": _request_header(
        "Idempotency-Key",
        "Makes a repeat safe: for 24 hours the same key gets the stored answer of the first request.",
        example_id("idempotency"),
        minLength=1,
        maxLength=MAX_KEY_LENGTH,
        pattern="^[ -~]+$",
    ),
    "If-Match": _request_header("If-Match", "Writes only if the resource is still in this state.", _ETAG),
    "If-None-Match": _request_header("If-None-Match", "Answers 304 if the resource is still in this state.", _ETAG),
}


def openapi_document(service: str, groups: Sequence[Routes]) -> dict[str, Any]:
    operations = [operation for group in groups for operation in group.operations if operation.documented]
    shapes = [*_distinct(shape for operation in operations for shape in _shapes(operation)), ErrorAnswer]
    schemas, components = schema_components(shapes)
    describer = _Describer(dict(zip(map(str, shapes), schemas, strict=True)), Examples(components))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = describer.describe(operation)
    return {
        "openapi": OPENAPI,
        "info": {"title": f"Tessera {service}-service", "version": RELEASE},
        "tags": list(_tags(operations)),
        "paths": paths,
        "components": {
            "schemas": components,
            "parameters": _PARAMETERS,
            "headers": _HEADERS,
            "securitySchemes": _SECURITY_SCHEMES,
        },
        "x-error-codes": msgspec.to_builtins(error_codes()),
    }


def schema_components(shapes: Iterable[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A schema for each shape, and the named ones that they refer to."""
    schemas, components = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    return [_portable(schema) for schema in schemas], _portable(components)


def _portable(node: Any) -> Any:
    """Patterns as JSON Schema reads them (ECMA-262), whose `$` is Python's `\\Z`."""
    if isinstance(node, dict):
        return {
            key: value.replace(r"\Z", "$") if key == "pattern" and isinstance(value, str) else _portable(value)
            for key, value in node.items()
        }
    return [_portable(value) for value in node] if isinstance(node, list) else node


def headers(*names: str) -> dict[str, Any]:
    """Of an answer, by the names of the headers that every document describes."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def operation_id(method: str, path: str) -> str:
    words = re.split(r"[^a-zA-Z0-9]+", path.removeprefix("/api/v1"))
    return method.lower() + "".join(word.title() for word in words)


def _tags(operations: Iterable[Operation]) -> Iterator[dict[str, str]]:
    groups: dict[str, list[Operation]] = {}
    for operation in operations:
        groups.setdefault(operation.tag, []).append(operation)
    for tag, group in groups.items():
        yield {"name": tag, "description": _use(group)}


def _use(group: Sequence[Operation]) -> str:
    resource = next((operation.resource for operation in group if operation.resource), None)
    if resource is not None:
        return f"For people and for API keys with a scope for `{resource}`."
    return "Open to anyone." if all(operation.public for operation in group) else "For people; closed to API keys."


def _shapes(operation: Operation) -> Iterator[Any]:
    signature = operation.signature
    yield from (shape for shape in (signature.body, signature.query) if shape is not None)
    yield from (shape for shape in operation.takes.values() if shape is not None)
    yield from (shape for _, shape, _ in map(_answer, alternatives(signature.answer)) if shape is not None)
    if operation.gives is not None and operation.gives.shape is not None:
        yield operation.gives.shape
    if operation.downloads is not None:
        yield operation.downloads


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
    return 200, answer if is_struct else None, not (is_struct and issubclass(answer, Bare))


def _is_versioned(answer: Any) -> bool:
    _, shape, is_wrapped = _answer(answer)
    return is_wrapped and shape is not None and "version" in shape.__struct_fields__


class _Describer:
    def __init__(self, schema_of: Mapping[str, dict[str, Any]], examples: Examples) -> None:
        self._schema_of = schema_of
        self._examples = examples

    def describe(self, operation: Operation) -> dict[str, Any]:
        described: dict[str, Any] = {
            "operationId": operation_id(operation.method, operation.path),
            "summary": operation.summary,
            "description": _who(operation),
            "tags": [operation.tag],
            "security": _security(operation),
            "parameters": [*_path_parameters(operation), *_query_parameters(operation), *_header_parameters(operation)],
            "responses": self._responses(operation),
        }
        if operation.signature.body is not None:
            is_required = any(field.required for field in msgspec.structs.fields(operation.signature.body))
            content = self._content(self._schema_of[str(operation.signature.body)])
            described["requestBody"] = {"required": is_required, "content": content}
        if operation.takes:
            described["requestBody"] = {"required": True, "content": self._taken(operation.takes)}
        return described

    def _taken(self, takes: Mapping[str, Any]) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for media_type, shape in takes.items():
            content |= self._content(self._schema_of[str(shape)]) if shape else {media_type: _file(media_type)}
        return content

    def _responses(self, operation: Operation) -> dict[str, Any]:
        responses: dict[str, dict[str, Any]] = {}
        for answer in alternatives(operation.signature.answer):
            described = self._success(operation, answer)
            known = responses.setdefault(str(_answer(answer)[0]), described)
            known.get("content", {}).update(described.get("content", {}))
        if operation.downloads is not None:
            responses["200"]["content"].update(self._downloads(operation.downloads, responses["200"]["content"]))
        if operation.gives is not None:
            responses = {str(operation.gives.status): self._raw(operation.gives)}
        if _is_conditional(operation):
            responses["304"] = {
                "description": "The resource is still in the state that If-None-Match names.",
                "headers": headers("X-Request-Id", "ETag"),
            }
        add_failures(responses, dict.fromkeys([*operation.errors, *_conventional(operation)]))
        return dict(sorted(responses.items()))

    def _success(self, operation: Operation, answer: Any) -> dict[str, Any]:
        _, shape, is_wrapped = _answer(answer)
        described: dict[str, Any] = {
            "description": "Success.",
            "headers": headers(*_success_headers(operation, answer)),
        }
        if shape is not None:
            schema = self._schema_of[str(shape)]
            described["content"] = self._content(_in_data(schema) if is_wrapped else schema)
        if answer is ResponseStream and operation.streams_events:
            described["content"] = {EVENT_STREAM: {}}  # a schema would be taken for that of each event
        return described

    def _downloads(self, item: Any, content: dict[str, Any]) -> dict[str, Any]:
        """The media types of a list whose `content` is known, when it can be downloaded too."""
        listed = content["application/json"]
        rows = {"type": "array", "items": self._schema_of[str(item)]}
        return {
            "application/json": {**listed, "schema": {"anyOf": [listed["schema"], rows]}},
            "text/csv": {"schema": _bytes("text/csv")},
        }

    def _raw(self, gives: Raw) -> dict[str, Any]:
        names = ["X-Request-Id", "RateLimit", "RateLimit-Policy"]
        names += ["ETag"] * gives.is_conditional + ["Location"] * (gives.status == HTTPStatus.FOUND)
        content = (
            {gives.media_type: {"schema": _bytes(gives.media_type)}}
            if gives.shape is None
            else self._content(_in_data(self._schema_of[str(gives.shape)]))
        )
        return {"description": "Success.", "headers": headers(*names), "content": content}

    def _content(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {"application/json": {"schema": schema, "example": self._examples.of(schema)}}


def _in_data(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"data": schema}, "required": ["data"]}


def _file(media_type: str) -> dict[str, Any]:
    """A file as the body, or as the part of a form."""
    if media_type != FORM:
        return {"schema": _bytes(media_type)}
    part = _bytes("application/octet-stream")
    return {"schema": {"type": "object", "properties": {FORM_FIELD: part}, "required": [FORM_FIELD]}}


def _bytes(media_type: str) -> dict[str, Any]:
    return {"type": "string", "contentMediaType": media_type}


def _is_conditional(operation: Operation) -> bool:
    if operation.gives is not None:
        return operation.gives.is_conditional
    return operation.method == "GET" and any(map(_is_versioned, alternatives(operation.signature.answer)))


def _who(operation: Operation) -> str:
    if operation.public:
        return "Open to anyone."
    if operation.resource is None:
        return "For signed-in people; API keys are refused."
    scope = required_scope(operation.resource, operation.method)
    return f"For signed-in people, and API keys with the scope `{scope}`."


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    """Any one of these is enough."""
    if operation.public:
        return []
    person: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]
    return person if operation.resource is None else [*person, {"key": []}]


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name, kind in operation.signature.path.items():
        yield {"name": name, "in": "path", "required": True, "schema": msgspec.json.schema(kind)}


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.signature.query is None:
        return
    for field in msgspec.structs.fields(operation.signature.query):
        (schema,), _ = schema_components([field.type])
        yield {"name": field.encode_name, "in": "query", "required": field.required, "schema": schema}


def _header_parameters(operation: Operation) -> Iterator[dict[str, str]]:
    names = {
        "Idempotency-Key": operation.honours_keys,
        "If-Match": _takes_if_match(operation),
        "If-None-Match": _is_conditional(operation),
    }
    yield from ({"$ref": f"#/components/parameters/{name}"} for name, is_taken in names.items() if is_taken)


def _takes_if_match(operation: Operation) -> bool:
    return IfMatch in operation.signature.wants.values()


def _success_headers(operation: Operation, answer: Any) -> Iterator[str]:
    status = _answer(answer)[0]
    yield from ("X-Request-Id", "RateLimit", "RateLimit-Policy")
    if _is_versioned(answer):
        yield "ETag"
    if status == 202 or (status == 201 and operation.location is not None):
        yield "Location"
    if operation.honours_keys:
        yield "Idempotent-Replayed"


def _conventional(operation: Operation) -> Iterator[type[TesseraError]]:
    """What any operation of its kind can answer, without its handler saying so."""
    yield from (BadRequest, TooManyRequests, TesseraError, Unavailable)
    if not operation.public:
        yield from (AuthRequired, InvalidToken, TokenExpired, SessionRevoked)
        yield Forbidden  # to API keys, whose scopes may lack it
    if operation.signature.body is not None:
        yield from (MalformedJson, TooLarge, UnsupportedMediaType)
    if operation.signature.body is not None or operation.signature.query is not None or operation.honours_keys:
        yield ValidationFailed
    if "page" in getattr(operation.signature.query, "__struct_fields__", ()):
        yield PageTooLarge
    if operation.honours_keys:
        yield from (IdempotencyInProgress, IdempotencyMismatch, IdempotentAnswerGone)
    if _takes_if_match(operation):
        yield PreconditionFailed
