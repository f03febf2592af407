"""Documents of several services become one: only what can be reached, and every name means one thing."""

from typing import Any

import pytest

from gateway.documentation.merging import is_reachable, merge
from gateway.route_table import RouteTable, Service


def document(path: str, *, method: str = "get", **schemas: Any) -> dict[str, Any]:
    references = [{"$ref": f"#/components/schemas/{name}"} for name in schemas]
    operation = {
        "operationId": method + path,
        "security": [{"bearer": []}, {"cookie": []}],
        "responses": {"200": {"content": {"application/json": {"schema": {"anyOf": references}}}}},
    }
    return {"paths": {path: {method: operation}}, "components": {"schemas": schemas}}


def merged(**documents: dict[str, Any]) -> dict[str, Any]:
    return merge({Service(name): one for name, one in documents.items()}, RouteTable(), server="/")


PROJECTS, USERS = "/api/v1/projects", "/api/v1/users"
ROLE = {"enum": ["owner"]}
USER = {"type": "object", "properties": {"role": {"$ref": "#/components/schemas/Role"}}}


def test_a_schema_that_two_services_describe_alike_is_one() -> None:
    both = merged(auth=document(USERS, Role=ROLE), project=document(PROJECTS, Role=ROLE))
    assert both["components"]["schemas"] == {"Role": ROLE}


def test_a_name_with_two_meanings_becomes_two_names() -> None:
    both = merged(auth=document(USERS, Role=ROLE), project=document(PROJECTS, Role={"enum": ["editor"]}))
    assert both["components"]["schemas"] == {"Auth_Role": ROLE, "Project_Role": {"enum": ["editor"]}}
    schema = both["paths"][PROJECTS]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"anyOf": [{"$ref": "#/components/schemas/Project_Role"}]}


def test_schemas_differ_when_what_they_refer_to_does() -> None:
    both = merged(
        auth=document(USERS, User=USER, Role=ROLE), project=document(PROJECTS, User=USER, Role={"enum": ["editor"]})
    )
    assert set(both["components"]["schemas"]) == {"Auth_Role", "Auth_User", "Project_Role", "Project_User"}
    role = both["components"]["schemas"]["Auth_User"]["properties"]["role"]
    assert role == {"$ref": "#/components/schemas/Auth_Role"}


def test_the_order_of_answers_does_not_matter() -> None:
    one, other = document(USERS, Role=ROLE), document(PROJECTS, Role={"enum": ["editor"]})
    assert merged(auth=one, project=other) == merged(project=other, auth=one)


@pytest.mark.parametrize("path", ["/internal/introspect", "/api/v1/unknown", "/health/live", "/api/v1/conversations"])
def test_what_the_table_does_not_send_to_the_service_is_left_out(path: str) -> None:
    assert merged(project=document(path))["paths"] == {}


def test_an_operation_names_what_the_gateway_may_answer_in_its_place() -> None:
    both = merged(project=document(PROJECTS, method="post"))
    answers = both["paths"][PROJECTS]["post"]["responses"]
    assert answers["400"] == {"$ref": "#/components/responses/400.BAD_REQUEST.AUTH_AMBIGUOUS"}
    codes = {name: response["x-error-codes"] for name, response in both["components"]["responses"].items()}
    assert codes["400.BAD_REQUEST.AUTH_AMBIGUOUS"] == ["BAD_REQUEST", "AUTH_AMBIGUOUS"]
    assert {"403.ORIGIN_NOT_ALLOWED", "502.UPSTREAM_ERROR", "504.UPSTREAM_TIMEOUT"} <= codes.keys()


def test_merging_leaves_the_services_documents_as_they_were() -> None:
    own = document(PROJECTS, Role=ROLE)
    merged(project=own)
    assert own == document(PROJECTS, Role=ROLE)


def test_templates_are_found_by_their_row() -> None:
    assert is_reachable(RouteTable(), Service.PROJECT, "get", "/api/v1/projects/{project_id}/tasks")
    assert not is_reachable(RouteTable(), Service.AUTH, "get", "/api/v1/projects/{project_id}/tasks")
    assert not is_reachable(RouteTable(), Service.AUTH, "get", "/api/v1/auth/login")
