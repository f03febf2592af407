"""The documents of all services as their code describes them, merged as the gateway does it: whole, valid, exact."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

import auth_service.app
import conversation_service.app
import gateway
import project_service.app
import realtime_service.app
import shared
from gateway.documentation.merging import merge
from gateway.documentation.product_documents import own_part
from gateway.route_table import RouteTable, Service
from realtime_service.documentation import live_document
from shared.errors import TesseraError, catalogue
from shared.http.openapi import openapi_document
from shared.http.routes import Operation, Routes

ROUTES: dict[Service, tuple[Routes, ...]] = {
    Service.AUTH: auth_service.app.ROUTES,
    Service.PROJECT: project_service.app.ROUTES,
    Service.CONVERSATION: conversation_service.app.ROUTES,
    Service.REALTIME: realtime_service.app.ROUTES,
}
PACKAGES: tuple[ModuleType, ...] = (
    shared,
    gateway,
    auth_service,
    project_service,
    conversation_service,
    realtime_service,
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    documents = {service: openapi_document(service, routes) for service, routes in ROUTES.items()}
    documents |= {Service.REALTIME: live_document(), Service.GATEWAY: own_part()}
    return merge(documents, RouteTable(), server="/")


def served() -> Iterator[tuple[Service, Operation]]:
    for service, groups in ROUTES.items():
        for group in groups:
            yield from ((service, operation) for operation in group.operations)


def described(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation
    for name, methods in document["webhooks"].items():
        yield "webhook", name, methods["post"]


def answers(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By status, with references followed."""
    shared = document["components"]["responses"]
    return {
        status: shared[response["$ref"].removeprefix("#/components/responses/")] if "$ref" in response else response
        for status, response in operation["responses"].items()
    }


def contents(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (operation.get("requestBody", {}), *answers(document, operation).values()):
        if "application/json" in part.get("content", {}):
            yield part["content"]["application/json"]


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    errors = [f"{error.instance_path}: {error.message}" for error in _validator(OPENAPI_31).iter_errors(document)]
    assert not errors, errors[:5]


def test_every_schema_is_valid_json_schema(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(_references(document)):
        node: Any = document
        for step in reference.removeprefix("#/").split("/"):
            node = node[step]


def test_every_operation_is_public_documentation_or_marked_as_internal(document: dict[str, Any]) -> None:
    for service, operation in served():
        in_document = operation.method.lower() in document["paths"].get(operation.path, {})
        assert in_document is operation.documented, (service, operation.method, operation.path)


def test_the_table_sends_every_described_operation_to_who_serves_it(document: dict[str, Any]) -> None:
    owners = {(operation.method.lower(), operation.path): service for service, operation in served()}
    for method, path, _ in described(document):
        if method != "webhook":
            owner = owners.get((method, path), Service.GATEWAY)
            assert RouteTable().row(method.upper(), path.encode()).service is owner, (method, path)


def test_every_operation_says_what_a_client_has_to_know(document: dict[str, Any]) -> None:
    operations = [operation for _, _, operation in described(document)]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    for method, path, operation in described(document):
        assert operation["summary"], (method, path)
        assert set(operation["tags"]) <= tags, (method, path, operation["tags"])
        assert method == "webhook" or "security" in operation, (method, path)
        assert all("example" in content for content in contents(document, operation)), (method, path)


def test_every_example_is_valid(document: dict[str, Any]) -> None:
    validators: dict[str, Any] = {}  # one for all places that mean the same: making one reads all components
    for method, path, operation in described(document):
        for content in contents(document, operation):
            key = json.dumps(content["schema"], sort_keys=True)
            if key not in validators:
                validators[key] = _validator({"components": document["components"], **content["schema"]})
            errors = [error.message for error in validators[key].iter_errors(content["example"])]
            assert not errors, (method, path, content["example"], errors)


def test_every_failure_names_codes_of_the_catalogue(document: dict[str, Any]) -> None:
    known = {described["code"] for described in document["x-error-codes"]}
    for method, path, operation in described(document):
        for status, response in answers(document, operation).items():
            assert set(response.get("x-error-codes", ())) <= known, (method, path, status)
            assert method == "webhook" or status < "400" or "content" in response, (method, path, status)


def test_every_code_is_in_the_catalogue_once_with_its_status(document: dict[str, Any]) -> None:
    _import_everything()
    listed = {described["code"]: described for described in document["x-error-codes"]}
    ours = {code: error for code, error in catalogue().items() if error.__module__.partition(".")[0] in _names()}
    assert len(listed) == len(document["x-error-codes"])
    assert {code: error.status for code, error in ours.items()} == {
        code: described["status"] for code, described in listed.items() if code in ours
    }


def test_every_error_of_the_caller_says_what_the_caller_can_do() -> None:
    _import_everything()
    for code, error in catalogue().items():
        assert error.status >= 500 or error.remedy != TesseraError.remedy, code


def _import_everything() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__") and ".migrations." not in module.name:
                importlib.import_module(module.name)


def _names() -> set[str]:
    return {package.__name__.partition(".")[0] for package in PACKAGES}


def _validator(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
