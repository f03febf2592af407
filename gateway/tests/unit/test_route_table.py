"""The table is the whole of what can be reached."""

import pytest

from gateway.route_table import MIB, ROWS, Access, LimitClass, RouteTable, Service
from shared.errors import MethodNotAllowed, RouteNotFound
from shared.scopes import checked_resource


@pytest.mark.parametrize(
    ("method", "path", "service", "access"),
    [
        ("POST", b"/api/v1/auth/register", Service.AUTH, Access.PUBLIC),
        ("POST", b"/api/v1/auth/login", Service.AUTH, Access.PUBLIC),
        ("POST", b"/api/v1/auth/login/mfa", Service.AUTH, Access.PUBLIC),
        ("DELETE", b"/api/v1/auth/sessions", Service.AUTH, Access.USER),
        ("DELETE", b"/api/v1/auth/sessions/1", Service.AUTH, Access.USER),
        ("DELETE", b"/api/v1/users/me/mfa", Service.AUTH, Access.USER),
        ("POST", b"/api/v1/users/me/mfa/confirm", Service.AUTH, Access.USER),
        ("POST", b"/api/v1/auth/step-up", Service.AUTH, Access.USER),
        ("GET", b"/api/v1/users/me/export/1/content", Service.AUTH, Access.USER),
        ("POST", b"/api/v1/tenants/1/restore", Service.AUTH, Access.USER),
        ("POST", b"/api/v1/auth/restore-tenant", Service.AUTH, Access.PUBLIC),
        ("PATCH", b"/api/v1/profile", Service.AUTH, Access.USER),
        ("PUT", b"/api/v1/settings/editor/theme", Service.AUTH, Access.USER),
        ("POST", b"/api/v1/auth/refresh", Service.AUTH, Access.PUBLIC),
        ("POST", b"/api/v1/auth/verify-email", Service.AUTH, Access.IF_GOOD),
        ("POST", b"/api/v1/auth/reset-password", Service.AUTH, Access.PUBLIC),
        ("POST", b"/api/v1/auth/logout", Service.AUTH, Access.USER),
        ("GET", b"/api/v1/auth/me", Service.AUTH, Access.USER),
        ("PATCH", b"/api/v1/users/me", Service.AUTH, Access.USER),
        ("GET", b"/api/v1/projects", Service.PROJECT, Access.USER),
        ("GET", b"/api/v1/projects/", Service.PROJECT, Access.USER),
        ("DELETE", b"/api/v1/projects/1/tasks/2", Service.PROJECT, Access.USER),
        ("PUT", b"/api/v1/projects/1/files", Service.PROJECT, Access.USER),
        ("GET", b"/api/v1/project-files/1/2", Service.PROJECT, Access.USER),
        ("POST", b"/api/v1/projects/import", Service.PROJECT, Access.USER),
        ("GET", b"/api/v1/attachments/token", Service.PROJECT, Access.PUBLIC),
        ("POST", b"/api/v1/conversations/1/messages", Service.CONVERSATION, Access.USER),
        ("POST", b"/api/v1/chat/completions", Service.CONVERSATION, Access.USER),
        ("GET", b"/.well-known/jwks.json", Service.AUTH, Access.PUBLIC),
        ("GET", b"/ws", Service.REALTIME, Access.OPTIONAL),
        ("GET", b"/ws/", Service.REALTIME, Access.OPTIONAL),
        ("GET", b"/health/live", Service.GATEWAY, Access.PUBLIC),
        ("GET", b"/metrics", Service.GATEWAY, Access.OPERATOR),
        ("GET", b"/docs", Service.GATEWAY, Access.PUBLIC),
        ("GET", b"/docs/errors", Service.GATEWAY, Access.PUBLIC),
        ("GET", b"/openapi.json", Service.GATEWAY, Access.PUBLIC),
        ("GET", b"/asyncapi.json", Service.GATEWAY, Access.PUBLIC),
    ],
)
def test_a_path_has_one_service_and_one_access(method: str, path: bytes, service: Service, access: Access) -> None:
    row = RouteTable().row(method, path)
    assert (row.service, row.access) == (service, access)


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/api/v1",
        b"/api/v1/projectsx",
        b"/api/v1/auth/login/",
        b"/api/v1/auth/login/x",
        b"/api/v1/auth",
        b"/API/V1/projects",
        b"/internal/revocations",
        b"/api/v1/internal/revocations",
        b"/wsx",
        b"/metrics/",
        b"/docsx",
        b"/openapi.json/x",
    ],
)
def test_a_path_that_no_row_covers_does_not_exist(path: bytes) -> None:
    with pytest.raises(RouteNotFound):
        RouteTable().row("GET", path)


def test_a_wrong_method_is_told_the_right_ones() -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        RouteTable().row("GET", b"/api/v1/auth/login")
    assert refused.value.headers == {"Allow": "POST"}


def test_only_reviewed_rows_are_open_to_anyone() -> None:
    open_rows = {row.path for row in ROWS if row.access is not Access.USER and row.service is not Service.GATEWAY}
    assert open_rows == {
        "/.well-known/jwks.json",
        "/api/v1/attachments",
        "/api/v1/auth/register",
        "/api/v1/auth/login",
        "/api/v1/auth/login/mfa",
        "/api/v1/auth/refresh",
        "/api/v1/auth/session-exchange",
        "/api/v1/auth/verify-email",
        "/api/v1/auth/forgot-password",
        "/api/v1/auth/reset-password",
        "/api/v1/auth/restore-tenant",
        "/api/v1/shares",
        "/api/v1/support/faq",
        "/ws",
    }


@pytest.mark.parametrize(
    ("method", "path", "resource"),
    [
        ("GET", b"/api/v1/projects", "projects"),
        ("GET", b"/api/v1/projects/1", "projects"),
        ("POST", b"/api/v1/projects/1/tasks", "tasks"),
        ("POST", b"/api/v1/projects/1/tasks/2/depends-on/3", "tasks"),
        ("GET", b"/api/v1/projects/1/files/2", "files"),
        ("GET", b"/api/v1/projects/tasks", "projects"),
        ("GET", b"/api/v1/projects/1/favorite", "projects"),
        ("GET", b"/api/v1/conversations/1/messages", "conversations"),
        ("GET", b"/api/v1/users/me", "users"),
        ("GET", b"/api/v1/api-keys", None),
        ("DELETE", b"/api/v1/api-keys/1", None),
        ("POST", b"/api/v1/auth/logout", None),
        ("POST", b"/api/v1/auth/session-token", None),
    ],
)
def test_a_path_belongs_to_one_resource_or_is_closed_to_keys(method: str, path: bytes, resource: str | None) -> None:
    assert RouteTable().row(method, path).resource_at(path) == resource


def test_every_resource_is_one_that_a_key_can_be_given_a_scope_of() -> None:
    for row in ROWS:
        for resource in (row.resource, *row.resources_within.values()):
            checked_resource(resource)


@pytest.mark.parametrize(
    ("method", "path", "limit_class"),
    [
        ("GET", b"/health/live", LimitClass.NONE),
        ("GET", b"/metrics", LimitClass.NONE),
        ("POST", b"/api/v1/auth/login", LimitClass.PUBLIC),
        ("POST", b"/api/v1/auth/forgot-password", LimitClass.PUBLIC),
        ("GET", b"/.well-known/jwks.json", LimitClass.PUBLIC),
        ("GET", b"/api/v1/projects", LimitClass.USER),
        ("POST", b"/api/v1/conversations", LimitClass.USER),
        ("GET", b"/api/v1/conversations/1/messages", LimitClass.USER),
        ("POST", b"/api/v1/conversations/1/messages", LimitClass.MESSAGES),
        ("GET", b"/ws/", LimitClass.LIVE),
    ],
)
def test_a_request_belongs_to_one_limit_class(method: str, path: bytes, limit_class: LimitClass) -> None:
    assert RouteTable().row(method, path).limit_class_at(method, path) is limit_class


def test_whatever_a_service_answers_is_limited_and_anyone_by_address() -> None:
    for row in ROWS:
        if row.service is Service.GATEWAY:
            assert row.limit_class is LimitClass.NONE
        elif row.access is Access.USER:
            assert row.limit_class in (LimitClass.USER, LimitClass.MESSAGES, LimitClass.LIVE)
        else:
            assert row.limit_class in (LimitClass.PUBLIC, LimitClass.LIVE)


@pytest.mark.parametrize(
    ("method", "path", "mebibytes"),
    [
        ("PUT", b"/api/v1/projects/1", 1),
        ("PUT", b"/api/v1/projects/1/files", 32),
        ("PUT", b"/api/v1/projects/1/files/2", 32),
        ("PUT", b"/api/v1/projects/files", 1),
        ("PUT", b"/api/v1/projects/1/tasks/files", 1),
        ("PUT", b"/api/v1/project-files/1", 32),
        ("POST", b"/api/v1/projects/import", 100),
        ("POST", b"/api/v1/projects/1/tasks/2/attachments", 25),
    ],
)
def test_only_where_files_are_written_bodies_are_large(method: str, path: bytes, mebibytes: int) -> None:
    assert RouteTable().row(method, path).body_limit_at(path) // MIB == mebibytes
