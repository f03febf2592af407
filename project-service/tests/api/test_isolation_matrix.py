"""Every operation, asked by everybody: a table that must have a row for each route of the service.

Columns: what the project's owner, a developer outside of it, a reader of it and a viewer of the tenant get (the last
two where the project is visible to them), then what a stranger of another tenant gets, whose answer for a real id must
be the one for a made-up id.
"""

from collections import defaultdict
from typing import Any, NamedTuple

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient

from project_service.app import ROUTES
from shared.ids import new_id
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX
from shared.testing.isolation import answered_alike, operations_of

PROJECT = PROJECTS + "/{project_id}"
TASKS = PROJECT + "/tasks"
TASK = TASKS + "/{task_id}"
FILES = PROJECT + "/files"
FILE = FILES + "/{file_id}"
FILES_ALIAS = "/api/v1/project-files/{project_id}"
FILE_ALIAS = FILES_ALIAS + "/{file_id}"
VERSIONS = PROJECT + "/versions"
VERSION = VERSIONS + "/{version}"
WRITE_FILE = {"files": [{"path": "b", "content": ""}]}


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
    ("GET", TASKS): Row(200, 404, 200, 200),
    ("POST", TASKS): Row(201, 404, 403, 403, {"title": "Land"}),
    ("GET", TASK): Row(200, 404, 200, 200),
    ("PATCH", TASK): Row(200, 404, 403, 403, {"title": "Land"}),
    ("PUT", TASK): Row(200, 404, 403, 403, {"title": "Land"}),
    ("DELETE", TASK): Row(204, 404, 403, 403),
    ("GET", FILES): Row(200, 404, 200, 200),
    ("GET", FILES_ALIAS): Row(200, 404, 200, 200),
    ("PUT", FILES): Row(200, 404, 403, 403, WRITE_FILE),
    ("PUT", FILES_ALIAS): Row(200, 404, 403, 403, WRITE_FILE),
    ("GET", FILE): Row(200, 404, 200, 200),
    ("GET", FILE_ALIAS): Row(200, 404, 200, 200),
    ("GET", FILE + "/content"): Row(200, 404, 200, 200),
    ("DELETE", FILE): Row(204, 404, 403, 403),
    ("GET", VERSIONS): Row(200, 404, 200, 200),
    ("GET", VERSION): Row(200, 404, 200, 200),
    ("GET", VERSION + "/diff"): Row(200, 404, 200, 200),
    ("POST", VERSION + "/restore"): Row(200, 404, 403, 403),
    ("GET", PROJECT + "/archive"): Row(200, 404, 200, 200),
    ("POST", PROJECTS + "/import"): Row(422, 422, 422, 422),
    ("GET", PROJECTS + "/templates"): Row(200, 200, 200, 200),
    ("POST", PROJECTS + "/from-template"): Row(201, 403, 403, 403, {"template_id": "blank", "name": "Artemis"}),
}
OPERATIONS = operations_of(ROUTES)
WITH_ID = [operation for operation in OPERATIONS if "{" in operation[1]]


async def ids_in(client: ProjectClient, who: Principal, project: dict[str, Any]) -> dict[str, Any]:
    """What the paths of a project's things need."""
    task = await client.new_task(who, project)
    written = await client.write_files(who, project, {"a": project["id"]})
    return {"project_id": project["id"], "task_id": task["id"], "file_id": written["files"][0]["id"], "version": 1}


def test_every_operation_has_its_row() -> None:
    assert set(OPERATIONS) == MATRIX.keys()


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_each_caller_gets_what_the_matrix_says(client: ProjectClient, method: str, path: str) -> None:
    row = MATRIX[method, path]
    ada, reader = person(), person(Role.DEVELOPER)
    private = await client.new_project(ada)
    shared = await client.new_project(ada, visibility="tenant")
    await client.join(private, reader, "viewer")
    at_private = path.format(**await ids_in(client, ada, private))
    at_shared = path.format(**await ids_in(client, ada, shared))

    got = [
        (await client.send(method, where, row.body, who=who)).status
        for where, who in (
            (at_private, person(Role.DEVELOPER)),
            (at_private, reader),
            (at_shared, person(Role.VIEWER)),
            (at_private, ada),
        )
    ]

    assert got == [row.outsider, row.reader, row.tenant_viewer, row.owner]


@pytest.mark.parametrize(("method", "path"), WITH_ID)
@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
async def test_a_foreign_id_is_answered_as_a_made_up_one(
    client: ProjectClient, method: str, path: str, role: Role
) -> None:
    ada, stranger = person(), person(role, GLOBEX)
    project = await client.new_project(ada, visibility="tenant")
    real = await ids_in(client, ada, project)
    made_up = {**dict.fromkeys(real, new_id()), "version": 7}
    paths = [path.format(**ids) for ids in (real, made_up, dict.fromkeys(real, "1"))]

    answer = await answered_alike(client, method, paths, MATRIX[method, path].body, who=stranger)

    assert answer.status == 404


@pytest.mark.parametrize(("method", "path"), [operation for operation in WITH_ID if "{task_id}" in operation[1]])
async def test_a_foreign_task_is_not_reached_through_an_own_project(
    client: ProjectClient, method: str, path: str
) -> None:
    ada, stranger = person(), person(Role.OWNER, GLOBEX)
    task = await client.new_task(ada, await client.new_project(ada))
    own = await client.new_project(stranger)
    paths = [path.format(project_id=own["id"], task_id=task_id) for task_id in (task["id"], new_id())]

    answer = await answered_alike(client, method, paths, MATRIX[method, path].body, who=stranger)

    assert (answer.status, answer.code) == (404, "TASK_NOT_FOUND")


@pytest.mark.parametrize(("method", "path"), [operation for operation in WITH_ID if "{file_id}" in operation[1]])
async def test_a_foreign_file_is_not_reached_through_an_own_project(
    client: ProjectClient, method: str, path: str
) -> None:
    ada, stranger = person(), person(Role.OWNER, GLOBEX)
    foreign = await ids_in(client, ada, await client.new_project(ada))
    own = await ids_in(client, stranger, await client.new_project(stranger))
    paths = [path.format(**{**own, "file_id": file_id}) for file_id in (foreign["file_id"], new_id())]

    answer = await answered_alike(client, method, paths, MATRIX[method, path].body, who=stranger)

    assert (answer.status, answer.code) == (404, "FILE_NOT_FOUND")


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
