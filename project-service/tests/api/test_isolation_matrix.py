"""Every operation, asked by everybody: a table that must have a row for each route of the service.

Columns: what the project's owner, a developer outside of it, a reader of it and a viewer of the tenant get (the last
two where the project is visible to them), then what a stranger of another tenant gets, whose answer for a real id must
be the one for a made-up id.
"""

from collections import defaultdict
from typing import Any, NamedTuple

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path

from project_service.app import ROUTES
from shared.ids import new_id
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX
from shared.testing.isolation import answered_alike, operations_of

PROJECT = PROJECTS + "/{project_id}"
TASKS = PROJECT + "/tasks"
TASK = TASKS + "/{task_id}"
TAGS = PROJECT + "/tags"
TEAM = PROJECT + "/team"
MEMBER = TEAM + "/{user_id}"
COMMENTS = PROJECT + "/comments"
COMMENT = COMMENTS + "/{comment_id}"


class Row(NamedTuple):
    owner: int
    outsider: int
    reader: int
    tenant_viewer: int
    body: Any = None


MATRIX = {
    ("GET", PROJECTS): Row(200, 200, 200, 200),
    ("POST", PROJECTS): Row(201, 403, 403, 403, {"name": "Artemis"}),
    ("GET", PROJECT): Row(200, 404, 200, 200),
    ("PATCH", PROJECT): Row(200, 404, 403, 403, {"name": "Artemis"}),
    ("PUT", PROJECT): Row(200, 404, 403, 403, {"name": "Artemis"}),
    ("DELETE", PROJECT): Row(204, 404, 403, 403),
    ("POST", PROJECT + "/restore"): Row(200, 404, 403, 403),
    ("GET", "/api/v1/favorites"): Row(200, 200, 200, 200),
    ("POST", PROJECT + "/favorite"): Row(204, 404, 204, 204),
    ("DELETE", PROJECT + "/favorite"): Row(204, 404, 204, 204),
    ("GET", TAGS): Row(200, 404, 200, 200),
    ("POST", TAGS): Row(201, 404, 403, 403, {"name": "moon"}),
    ("DELETE", TAGS + "/{tag_id}"): Row(204, 404, 403, 403),
    ("GET", TEAM): Row(200, 404, 200, 200),
    ("POST", TEAM + "/invite"): Row(202, 404, 403, 403, {"email": "new@example.com"}),
    ("PATCH", MEMBER): Row(200, 404, 403, 403, {"role": "editor"}),
    ("PUT", MEMBER): Row(200, 404, 403, 403, {"role": "editor"}),
    ("DELETE", MEMBER): Row(204, 404, 403, 403),
    ("GET", COMMENTS): Row(200, 404, 200, 200),
    ("POST", COMMENTS): Row(201, 404, 201, 403, {"entity_type": "project", "entity_id": "{project_id}", "body": "!"}),
    ("PATCH", COMMENT): Row(200, 404, 403, 403, {"body": "?"}),
    ("PUT", COMMENT): Row(200, 404, 403, 403, {"body": "?"}),
    ("DELETE", COMMENT): Row(204, 404, 403, 403),
    ("POST", COMMENT + "/star"): Row(204, 404, 204, 204),
    ("DELETE", COMMENT + "/star"): Row(204, 404, 204, 204),
    ("GET", PROJECT + "/activity"): Row(200, 404, 200, 200),
    ("GET", TASKS): Row(200, 404, 200, 200),
    ("POST", TASKS): Row(201, 404, 403, 403, {"title": "Land"}),
    ("GET", TASK): Row(200, 404, 200, 200),
    ("PATCH", TASK): Row(200, 404, 403, 403, {"title": "Land"}),
    ("PUT", TASK): Row(200, 404, 403, 403, {"title": "Land"}),
    ("DELETE", TASK): Row(204, 404, 403, 403),
}
OPERATIONS = operations_of(ROUTES)
WITH_ID = [operation for operation in OPERATIONS if "{" in operation[1]]


def test_every_operation_has_its_row() -> None:
    assert set(OPERATIONS) == MATRIX.keys()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_each_caller_gets_what_the_matrix_says(client: ProjectClient, method: str, path: str) -> None:
    row = MATRIX[method, path]
    ada, reader = person(), person(Role.DEVELOPER)
    private = await client.new_project(ada)
    await client.join(private, reader, "viewer")
    in_private = await fill(client, ada, private)
    in_shared = await fill(client, ada, await client.new_project(ada, visibility="tenant"))

    got = [
        (await client.send(method, path.format(**ids), filled(row.body, ids), who=who)).status
        for ids, who in (
            (in_private, person(Role.DEVELOPER)),
            (in_private, reader),
            (in_shared, person(Role.VIEWER)),
            (in_private, ada),
        )
    ]

    assert got == [row.outsider, row.reader, row.tenant_viewer, row.owner]


@pytest.mark.parametrize(("method", "path"), WITH_ID)
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
async def test_a_foreign_id_is_answered_as_a_made_up_one(
    client: ProjectClient, method: str, path: str, role: Role
) -> None:
    ada, stranger = person(), person(role, GLOBEX)
    theirs = await fill(client, ada, await client.new_project(ada, visibility="tenant"))
    paths = [path.format(**ids) for ids in (theirs, made_up(theirs), dict.fromkeys(theirs, "1"))]

    answer = await answered_alike(client, method, paths, filled(MATRIX[method, path].body, theirs), who=stranger)

    assert answer.status == 404


@pytest.mark.parametrize(("method", "path"), [operation for operation in WITH_ID if operation[1].count("{") == 2])
async def test_a_foreign_thing_is_not_reached_through_an_own_project(
    client: ProjectClient, method: str, path: str
) -> None:
    ada, stranger = person(), person(Role.OWNER, GLOBEX)
    theirs = await fill(client, ada, await client.new_project(ada))
    own = {"project_id": (await client.new_project(stranger))["id"]}
    paths = [path.format(**{**ids, **own}) for ids in (theirs, made_up(theirs))]

    answer = await answered_alike(client, method, paths, MATRIX[method, path].body, who=stranger)

    assert answer.status == 404
    assert answer.code != "PROJECT_NOT_FOUND"


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_nobody_gets_in_without_an_identity(client: ProjectClient, method: str, path: str) -> None:
    answer = await client.send(method, path.format_map(defaultdict(new_id)), who=None)

    assert (answer.status, answer.code) == (401, "AUTH_REQUIRED")


async def test_lists_hold_nothing_of_another_tenant(client: ProjectClient) -> None:
    ada, stranger = person(), person(Role.OWNER, GLOBEX)
    project = await client.new_project(ada, visibility="tenant")
    await client.new_task(ada, project)

    listed = (await client.send("GET", PROJECTS, who=stranger)).json

    assert (listed["items"], listed["total"]) == ([], 0)


async def fill(client: ProjectClient, owner: Principal, project: dict[str, Any]) -> dict[str, str]:
    """One of everything in a project: their ids, by the names that they have in paths."""
    colleague = person(Role.DEVELOPER, owner.tenant_id)
    await client.join(project, colleague, "viewer")
    path, about = project_path(project), {"entity_type": "project", "entity_id": project["id"]}
    return {
        "project_id": project["id"],
        "task_id": (await client.new_task(owner, project))["id"],
        "tag_id": (await client.create(f"{path}/tags", {"name": "space"}, who=owner))["id"],
        "comment_id": (await client.create(f"{path}/comments", {**about, "body": "Fly!"}, who=owner))["id"],
        "user_id": str(colleague.user_id),
    }


def made_up(ids: dict[str, str]) -> dict[str, str]:
    return {name: str(new_id()) for name in ids}


def filled(body: Any, ids: dict[str, str]) -> Any:
    """`body` with the ids that it names in braces."""
    return body and {name: value.format(**ids) for name, value in body.items()}
