"""A large body is not looked into for callers who may not write: they get the answer that a right body would get."""

import io
from typing import Any

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, files_of, task_path

from shared.ids import new_id
from shared.principal import Role
from shared.testing.callers import GLOBEX
from shared.testing.service_client import Answer

LARGE = 100_000
WRONG_FILES = b'{"delete": [' + b",".join([b"0"] * LARGE) + b"]}"
WRONG_TASKS = b'{"operations": [' + b",".join([b"0"] * LARGE) + b"]}"
FORM = {"content-type": "multipart/form-data; boundary=x"}


def without_trace(answer: Answer) -> dict[str, Any]:
    return {**answer.json["error"], "trace_id": None}


@pytest.mark.parametrize(
    ("method", "place", "body"), [("PUT", "files", WRONG_FILES), ("POST", "tasks/bulk", WRONG_TASKS)]
)
async def test_a_large_wrong_body_for_an_invisible_project_is_not_found(
    client: ProjectClient, method: str, place: str, body: bytes
) -> None:
    ada, stranger = person(), person(tenant_id=GLOBEX)
    project = await client.new_project(ada)
    json = {"content-type": "application/json"}

    own = await client.send(method, f"{PROJECTS}/{project['id']}/{place}", who=ada, raw=body, headers=json)
    foreign = await client.send(method, f"{PROJECTS}/{project['id']}/{place}", who=stranger, raw=body, headers=json)
    random = await client.send(method, f"{PROJECTS}/{new_id()}/{place}", who=stranger, raw=body, headers=json)

    assert (own.status, own.code) == (422, "VALIDATION_ERROR")
    assert (foreign.status, foreign.code) == (404, "PROJECT_NOT_FOUND")
    assert without_trace(foreign) == without_trace(random)


async def test_a_large_wrong_body_of_a_reader_is_forbidden(client: ProjectClient) -> None:
    ada, reader = person(), person(Role.VIEWER)
    project = await client.new_project(ada)
    await client.join(project, reader, "viewer")

    answer = await client.send(
        "PUT", files_of(project), who=reader, raw=WRONG_FILES, headers={"content-type": "application/json"}
    )

    assert (answer.status, answer.code) == (403, "AUTH_FORBIDDEN")


async def test_an_archive_of_somebody_who_cannot_make_projects_is_not_read(client: ProjectClient) -> None:
    answer = await client.send(
        "POST", f"{PROJECTS}/import", who=person(Role.VIEWER), raw=b"no form", headers={"content-type": "text/plain"}
    )

    assert (answer.status, answer.code) == (403, "AUTH_FORBIDDEN")


async def test_a_file_for_an_invisible_task_is_not_read(client: ProjectClient) -> None:
    ada, stranger = person(), person(tenant_id=GLOBEX)
    task = await client.new_task(ada, await client.new_project(ada))
    path = f"{task_path(task)}/attachments"

    own = await client.send("POST", path, who=ada, raw=io.BytesIO(b"no form"), headers=FORM)
    foreign = await client.send("POST", path, who=stranger, raw=io.BytesIO(b"no form"), headers=FORM)

    assert (own.status, foreign.status, foreign.code) == (400, 404, "PROJECT_NOT_FOUND")


async def test_one_report_names_every_wrong_operation_and_stays_short(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    wrong = {"op": "create", "data": {f"{number}-" + "\U0001f389" * 40: 1 for number in range(50)}}

    answer = await client.send("POST", f"{PROJECTS}/{project['id']}/tasks/bulk", {"operations": [wrong] * 100}, who=ada)

    operations = answer.json["error"]["details"]["operations"]
    assert (answer.status, answer.code) == (422, "TASK_BULK_INVALID")
    assert [operation["index"] for operation in operations] == list(range(100))
    assert len(operations[0]["fields"]) == 51
    assert len(answer.body) <= 64 * 1024


async def test_the_data_of_an_operation_has_a_largest_size(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    operations = [{"op": "create", "data": {"title": "t", "description": "x" * 140_000}}]

    answer = await client.send("POST", f"{PROJECTS}/{project['id']}/tasks/bulk", {"operations": operations}, who=ada)

    [operation] = answer.json["error"]["details"]["operations"]
    assert [(field["path"], field["code"]) for field in operation["fields"]] == [("data", "too_long")]
