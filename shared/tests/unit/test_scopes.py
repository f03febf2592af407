"""What an API key may do."""

import pytest

from shared.events.topics import KEEPERS, Topic
from shared.http.routes import Routes
from shared.scopes import ANY_KEY, SCOPES, SOME_RESOURCE, checked_resource, permits


def test_a_person_has_all_that_their_role_allows() -> None:
    assert permits(None, None, "DELETE")
    assert permits(None, "projects", "GET")


@pytest.mark.parametrize(
    ("scope", "resource", "method", "is_permitted"),
    [
        ("tasks:read", "tasks", "GET", True),
        ("tasks:read", "tasks", "HEAD", True),
        ("tasks:read", "tasks", "POST", False),
        ("tasks:read", "projects", "GET", False),
        ("tasks:write", "tasks", "POST", True),
        ("tasks:write", "tasks", "DELETE", True),
        ("tasks:write", "tasks", "GET", False),
        ("*:read", "tasks", "GET", True),
        ("*:read", "tasks", "PUT", False),
        ("*:write", "tasks", "PATCH", True),
        ("tasks:read", ANY_KEY, "POST", True),
        ("tasks:read", SOME_RESOURCE, "GET", True),
        ("tasks:write", SOME_RESOURCE, "GET", False),
        ("tasks:read", "*", "GET", False),
        ("*:read", "*", "GET", True),
    ],
)
def test_a_key_reaches_as_far_as_its_scope(scope: str, resource: str, method: str, is_permitted: bool) -> None:
    assert permits((scope,), resource, method) is is_permitted


@pytest.mark.parametrize("scopes", [(), SCOPES])
def test_what_names_no_resource_is_closed_to_every_key(scopes: tuple[str, ...]) -> None:
    assert not permits(scopes, None, "GET")


def test_a_key_without_scopes_may_nothing() -> None:
    assert not permits((), "projects", "GET")


@pytest.mark.parametrize("kind", KEEPERS)
def test_every_topic_belongs_to_a_resource(kind: str) -> None:
    assert checked_resource(Topic(kind, "x").resource)


def test_a_resource_that_does_not_exist_is_noticed_where_it_is_declared() -> None:
    with pytest.raises(ValueError, match="peojects"):
        Routes("projects", resource="peojects")
