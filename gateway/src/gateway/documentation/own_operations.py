"""The gateway's own addresses, as its part of the documentation."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from gateway.health import CONNECTED, ProductHealth
from shared.errors import Forbidden, TesseraError, TooManyRequests
from shared.http.documented_errors import add_failures, error_codes
from shared.http.openapi import headers, openapi_document, operation_id, schema_components

_HTML = "text/html; charset=utf-8"
_JSON = "application/json"
_TAGS = (
    {"name": "health", "description": "For load balancers and operators."},
    {"name": "documentation", "description": "These pages and documents; all work without the internet."},
    {"name": "live", "description": "Messages on live connections, see `x-websocket`."},
)


class _Own(NamedTuple):
    path: str
    tag: str
    summary: str
    content_type: str
    schema: dict[str, Any]
    example: Any = None
    tells_503: bool = False
    errors: tuple[type[TesseraError], ...] = ()


class Readiness(msgspec.Struct):
    status: str


_HEALTH = ProductHealth("healthy", CONNECTED, CONNECTED, "local")
_STATES = {"type": "object", "additionalProperties": {"type": "string"}}


def _component(shape: type) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def _operations() -> Iterable[_Own]:
    health, ready = _component(ProductHealth), _component(Readiness)
    for prefix in ("", "/api/v1"):
        yield _Own(
            f"{prefix}/health",
            "health",
            "See whether the whole product is well",
            _JSON,
            health,
            _HEALTH,
            tells_503=True,
        )
        yield _Own(
            f"{prefix}/ready",
            "health",
            "See whether requests are taken",
            _JSON,
            ready,
            {"status": "ready"},
            tells_503=True,
        )
    for probe, about in (("live", "runs"), ("ready", "takes requests"), ("startup", "has started")):
        example = {"status": "healthy"}
        yield _Own(
            f"/health/{probe}", "health", f"See whether the gateway {about}", _JSON, _STATES, example, tells_503=True
        )
    text = {"type": "string"}
    yield _Own("/metrics", "health", "Read the gateway's metrics", "text/plain", text, errors=(Forbidden,))
    yield _Own("/docs", "documentation", "Browse and try the operations", _HTML, text)
    yield _Own("/docs/errors", "documentation", "Look up an error code", _HTML, text)
    codes = {"type": "object", "properties": {"items": {"type": "array", "items": {"type": "object"}}}}
    sample = {"items": msgspec.to_builtins(error_codes()[:1])}
    yield _Own("/docs/errors.json", "documentation", "List all error codes", _JSON, codes, sample)
    document = {"type": "object"}
    yield _Own("/openapi.json", "documentation", "Read this document", _JSON, document, {"openapi": "3.1.0"})
    yield _Own("/asyncapi.json", "documentation", "Read what events look like", _JSON, document, {"asyncapi": "3.0.0"})


def own_document() -> dict[str, Any]:
    """Complete in itself, so that it stands even while no service answers."""
    document = openapi_document("gateway", ())
    _, components = schema_components([ProductHealth, Readiness])
    document["components"]["schemas"] |= components
    document["tags"] = list(_TAGS)
    document["paths"] = {own.path: {"get": _described(own)} for own in _operations()}
    return document


def _described(own: _Own) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": own.schema}
    if own.example is not None:
        content["example"] = msgspec.to_builtins(own.example)
    answer = {"headers": headers("X-Request-Id"), "content": {own.content_type: content}}
    responses: dict[str, dict[str, Any]] = {"200": {"description": "Success.", **answer}}
    if own.tag == "documentation":
        responses["200"]["headers"] = headers("X-Request-Id", "ETag")
        responses["304"] = {
            "description": "Still what If-None-Match names.",
            "headers": headers("X-Request-Id", "ETag"),
        }
    if own.tells_503:
        responses["503"] = {"description": "Not now.", **answer}
    add_failures(responses, (TooManyRequests, *own.errors))
    return {
        # `/health` and `/api/v1/health` are two addresses of one thing
        "operationId": operation_id("get", own.path) + ("Api" if own.path.startswith("/api/") else ""),
        "summary": own.summary,
        "tags": [own.tag],
        "security": [],
        "responses": responses,
    }
