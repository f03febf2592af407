"""One OpenAPI document out of those of all services: what can be reached, under names that mean one thing."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from gateway.errors import AmbiguousCredentials, HeadTooLarge, OriginNotAllowed, TargetTooLong
from gateway.route_table import RouteTable, Service
from shared.errors import BadRequest, MethodNotAllowed, RouteNotFound, TesseraError, UpstreamError, UpstreamTimeout
from shared.http.documented_errors import add_failures
from shared.http.envelope import RequestTooSlow
from shared.http.openapi import OPENAPI
from shared.release import RELEASE

Described = Mapping[str, Any]
_REFERENCE = "#/components/schemas/"
_WRITES = ("post", "put", "patch", "delete")
_ABOUT = (
    "One door to accounts, projects, tasks and conversations. A single resource stands in `data`, a list in `items`; "
    "errors have one shape and a code of [the catalogue](/docs/errors). Events are described in "
    "[AsyncAPI](/asyncapi.json), live connections in `x-websocket`."
)


def merge(documents: Mapping[Service, Described], routes: RouteTable, *, server: str) -> dict[str, Any]:
    """`documents` by who serves them. The result does not depend on their order."""
    ordered = _with_distinct_names({service: documents[service] for service in sorted(documents)})
    parts = list(ordered.values())
    paths = dict(sorted(_reachable(ordered, routes).items()))
    return {
        "openapi": OPENAPI,
        "info": {"title": "Tessera", "version": RELEASE, "description": _ABOUT},
        "servers": [{"url": server}],
        "tags": _distinct_by("name", _every(parts, "tags")),
        "paths": paths,
        "webhooks": _joined(part.get("webhooks", {}) for part in parts),
        "components": {
            **{
                kind: _joined(part.get("components", {}).get(kind, {}) for part in parts)
                for kind in ("schemas", "parameters", "headers", "securitySchemes")
            },
            "responses": _moved_failures(paths),
        },
        "x-websocket": _joined(part.get("x-websocket", {}) for part in parts),
        "x-error-codes": sorted(
            _distinct_by("code", _every(parts, "x-error-codes")), key=lambda described: str(described["code"])
        ),
    }


def _every(parts: Iterable[Described], member: str) -> Iterator[dict[str, Any]]:
    for part in parts:
        yield from part.get(member, ())


def _distinct_by(key: str, described: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    by_name: dict[str, dict[str, Any]] = {}
    for one in described:
        by_name.setdefault(one[key], one)
    return list(by_name.values())


def _joined(members: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    joined = {name: value for member in members for name, value in member.items()}
    return dict(sorted(joined.items()))


# names


def _with_distinct_names(documents: Mapping[Service, Described]) -> dict[Service, dict[str, Any]]:
    """Every document with the schemas renamed whose name means something else in another one."""
    ambiguous = _ambiguous_names({service: _schemas(document) for service, document in documents.items()})
    return {service: _renamed(service, document, ambiguous) for service, document in documents.items()}


def _schemas(document: Described) -> Mapping[str, Any]:
    schemas: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    return schemas


def _ambiguous_names(schemas: Mapping[Service, Mapping[str, Any]]) -> set[str]:
    """Names with several meanings; equal texts differ all the same when what they refer to does."""
    texts: dict[str, set[bytes]] = {}
    users: dict[str, int] = {}
    references: dict[str, set[str]] = {}
    for own in schemas.values():
        for name, schema in own.items():
            texts.setdefault(name, set()).add(msgspec.json.encode(schema, order="deterministic"))
            users[name] = users.get(name, 0) + 1
            references.setdefault(name, set()).update(_references(schema))
    ambiguous = {name for name, different in texts.items() if len(different) > 1}
    while more := {name for name in references.keys() - ambiguous if users[name] > 1 and references[name] & ambiguous}:
        ambiguous |= more
    return ambiguous


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(_REFERENCE)
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _renamed(service: Service, document: Described, ambiguous: set[str]) -> dict[str, Any]:
    names = {name: f"{service.title()}_{name}" for name in _schemas(document) if name in ambiguous}
    renamed: dict[str, Any] = _with_references(
        document, {_REFERENCE + old: _REFERENCE + new for old, new in names.items()}
    )
    if names:
        schemas = renamed["components"]["schemas"]
        renamed["components"]["schemas"] = {names.get(name, name): schema for name, schema in schemas.items()}
    return renamed


def _with_references(node: Any, changed: Mapping[str, str]) -> Any:
    """A copy, in which references lead to the new names."""
    if isinstance(node, dict):
        return {
            key: changed.get(value, value) if key == "$ref" else _with_references(value, changed)
            for key, value in node.items()
        }
    return [_with_references(value, changed) for value in node] if isinstance(node, list) else node


# operations


def _reachable(documents: Mapping[Service, Described], routes: RouteTable) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for service, document in documents.items():
        for path, operations in document.get("paths", {}).items():
            for method, operation in operations.items():
                if is_reachable(routes, service, method, path):
                    add_failures(operation["responses"], _refusals(method, operation, service))
                    operation["responses"] = dict(sorted(operation["responses"].items()))
                    paths.setdefault(path, {})[method] = operation
    return paths


def _moved_failures(paths: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Takes every failure out of its operation and leaves a reference: hundreds of operations fail in a few ways."""
    moved: dict[str, Any] = {}
    for operations in paths.values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if "x-error-codes" in response:
                    name = ".".join([status, *response["x-error-codes"]])
                    moved[name] = response
                    operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}
    return dict(sorted(moved.items()))


def is_reachable(routes: RouteTable, service: Service, method: str, path: str) -> bool:
    """Whether the table sends such a request to that service. `path` may be a template."""
    try:
        return routes.row(method.upper(), path.encode()).service is service
    except (RouteNotFound, MethodNotAllowed):
        return False


def _refusals(method: str, operation: Described, service: Service) -> Iterator[type[TesseraError]]:
    """What the gateway may answer in place of the service."""
    yield from (BadRequest, TargetTooLong, HeadTooLarge)
    schemes = {name for choice in operation.get("security", ()) for name in choice}
    if schemes:
        yield AmbiguousCredentials
    if "cookie" in schemes and method in _WRITES:
        yield OriginNotAllowed
    if "requestBody" in operation:
        yield RequestTooSlow
    if service is not Service.GATEWAY:
        yield from (UpstreamError, UpstreamTimeout)
