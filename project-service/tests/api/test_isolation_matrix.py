"""Every operation, asked by everybody: a table that must have a row for each route of the service.

Columns: what the project's owner, a developer outside of it, a reader of it and a viewer of the tenant get (the last
two where the project is visible to them), then what a stranger of another tenant gets, whose answer for a real id must
be the one for a made-up id.
"""

from collections import defaultdict
from typing import Any, NamedTuple

import pytest
from gifting_matrix import PLANNING
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path, task_path, tasks_of

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
WEBHOOKS = "/api/v1/webhooks"
WEBHOOK = WEBHOOKS + "/{webhook_id}"
DELIVERIES = WEBHOOK + "/deliveries"
HOOK = {"url": "https://hooks.example.com", "events": ["*"], "project_id": "{project_id}"}
SESSION = "/api/v1/sessions/{session_id}"
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
    ("GET", "/api/v1/search"): Row(422, 422, 422, 422),
    ("GET", "/api/v1/search/projects"): Row(422, 422, 422, 422),
    ("GET", "/api/v1/search/tasks"): Row(422, 422, 422, 422),
    ("GET", "/api/v1/search/comments"): Row(422, 422, 422, 422),
    ("GET", "/api/v1/sessions"): Row(200, 200, 200, 200),
    ("POST", "/api/v1/sessions"): Row(201, 201, 201, 201, {"name": "Night", "workspace_path": "/srv"}),
    ("GET", "/api/v1/sessions/related"): Row(422, 422, 422, 422),
    ("GET", SESSION): Row(200, 404, 404, 404),
    ("PATCH", SESSION): Row(200, 404, 404, 404, {"name": "Day"}),
    ("PUT", SESSION): Row(200, 404, 404, 404, {"name": "Day"}),
    ("DELETE", SESSION): Row(204, 404, 404, 404),
    ("POST", SESSION + "/fork"): Row(201, 404, 404, 404, {"name": "Day"}),
    ("GET", TASKS): Row(200, 404, 200, 200),
    ("POST", TASKS): Row(201, 404, 403, 403, {"title": "Land"}),
    ("GET", TASK): Row(200, 404, 200, 200),
    ("PATCH", TASK): Row(200, 404, 403, 403, {"title": "Land"}),
    ("PUT", TASK): Row(200, 404, 403, 403, {"title": "Land"}),
    ("DELETE", TASK): Row(204, 404, 403, 403),
    ("GET", WEBHOOKS): Row(200, 200, 200, 200),
    ("POST", WEBHOOKS): Row(201, 422, 403, 403, HOOK),
    ("GET", WEBHOOK): Row(200, 404, 404, 404),
    ("PATCH", WEBHOOK): Row(200, 404, 404, 404, {"active": False}),
    ("PUT", WEBHOOK): Row(200, 404, 404, 404, {"active": False}),
    ("DELETE", WEBHOOK): Row(204, 404, 404, 404),
    ("POST", WEBHOOK + "/rotate-secret"): Row(200, 404, 404, 404),
    ("POST", WEBHOOK + "/test"): Row(202, 404, 404, 404),
    ("GET", DELIVERIES): Row(200, 404, 404, 404),
    ("POST", DELIVERIES + "/{delivery_id}/redeliver"): Row(202, 404, 404, 404),
    ("GET", TASKS + "/labels"): Row(200, 404, 200, 200),
    ("POST", TASKS + "/labels"): Row(201, 404, 403, 403, {"name": "Bug"}),
    ("DELETE", TASKS + "/labels/{label_id}"): Row(204, 404, 403, 403),
    ("POST", TASKS + "/bulk"): Row(200, 404, 403, 403, {"operations": [{"op": "create", "data": {"title": "Land"}}]}),
    ("POST", TASK + "/depends-on/{other_task_id}"): Row(204, 404, 403, 403),
    ("DELETE", TASK + "/depends-on/{other_task_id}"): Row(204, 404, 403, 403),
    ("GET", TASK + "/attachments"): Row(200, 404, 200, 200),
    ("POST", TASK + "/attachments"): Row(201, 404, 403, 403, {"url": "https://example.org"}),
    ("DELETE", TASK + "/attachments/{attachment_id}"): Row(204, 404, 403, 403),
    ("GET", TASK + "/attachments/{attachment_id}/download"): Row(409, 404, 409, 409),
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
    ("POST", PROJECTS + "/import"): Row(415, 403, 403, 403),
    ("GET", PROJECTS + "/templates"): Row(200, 200, 200, 200),
    ("POST", PROJECTS + "/from-template"): Row(201, 403, 403, 403, {"template_id": "blank", "name": "Artemis"}),
}
PUBLIC = {("GET", "/api/v1/attachments/{token}")}
OPERATIONS = [operation for operation in operations_of(ROUTES) if operation not in PUBLIC | PLANNING.keys()]
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


@pytest.mark.parametrize("role", [Role.OWNER, Role.VIEWER])
async def test_foreign_ids_are_answered_as_made_up_ones(client: ProjectClient, role: Role) -> None:
    ada, stranger = person(), person(role, GLOBEX)
    theirs = await fill(client, ada, await client.new_project(ada, visibility="tenant"))

    for method, path in WITH_ID:
        paths = [path.format(**ids) for ids in (theirs, made_up(theirs), dict.fromkeys(theirs, "1"))]
        answer = await answered_alike(client, method, paths, filled(MATRIX[method, path].body, theirs), who=stranger)
        assert answer.status == 404, (method, path)


async def test_foreign_things_are_not_reached_through_an_own_project(client: ProjectClient) -> None:
    ada, stranger = person(), person(Role.OWNER, GLOBEX)
    theirs = await fill(client, ada, await client.new_project(ada))
    own = {"project_id": (await client.new_project(stranger))["id"]}

    for method, path in WITH_ID:
        if path.count("{") == 2:
            paths = [path.format(**{**ids, **own}) for ids in (theirs, made_up(theirs))]
            answer = await answered_alike(client, method, paths, MATRIX[method, path].body, who=stranger)
            assert answer.status == 404, (method, path)
            assert answer.code != "PROJECT_NOT_FOUND", (method, path)


async def test_nobody_gets_in_without_an_identity(client: ProjectClient) -> None:
    for method, path in OPERATIONS:
        answer = await client.send(method, path.format_map(defaultdict(new_id)), who=None)
        assert (answer.status, answer.code) == (401, "AUTH_REQUIRED"), (method, path)


async def test_lists_hold_nothing_of_another_tenant(client: ProjectClient) -> None:
    ada, stranger = person(), person(Role.OWNER, GLOBEX)
    project = await client.new_project(ada, visibility="tenant")
    await client.new_task(ada, project)

    listed = (await client.send("GET", PROJECTS, who=stranger)).json

    assert (listed["items"], listed["total"]) == ([], 0)


async def fill(client: ProjectClient, owner: Principal, project: dict[str, Any]) -> dict[str, Any]:
    """One of everything in a project: their ids, by the names that they have in paths."""
    colleague = person(Role.DEVELOPER, owner.tenant_id)
    await client.join(project, colleague, "viewer")
    hook = await client.create(WEBHOOKS, {**HOOK, "active": False, "project_id": project["id"]}, who=owner)
    test = await client.send("POST", f"{WEBHOOKS}/{hook['id']}/test", who=owner)
    path, about = project_path(project), {"entity_type": "project", "entity_id": project["id"]}
    task, other = [await client.new_task(owner, project) for _ in range(2)]
    link = {"url": "https://example.org"}
    return {
        "project_id": project["id"],
        "tag_id": (await client.create(f"{path}/tags", {"name": "space"}, who=owner))["id"],
        "user_id": str(colleague.user_id),
        "webhook_id": hook["id"],
        "delivery_id": test.data["id"],
        "session_id": (await client.new_session(owner, project_id=project["id"]))["id"],
        "task_id": task["id"],
        "other_task_id": other["id"],
        "label_id": (await client.create(f"{tasks_of(project)}/labels", {"name": "Filled"}, who=owner))["id"],
        "attachment_id": (await client.create(f"{task_path(task)}/attachments", link, who=owner))["id"],
        "file_id": (await client.write_files(owner, project, {"a": project["id"]}))["files"][0]["id"],
        "version": 1,
        "comment_id": (await client.create(f"{path}/comments", {**about, "body": "Fly!"}, who=owner))["id"],
    }


def made_up(ids: dict[str, Any]) -> dict[str, str]:
    return {name: "7" if name == "version" else str(new_id()) for name in ids}


def filled(body: Any, ids: dict[str, Any]) -> Any:
    """`body` with the ids that it names in braces."""
    return body and {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}
