"""Versions, entity tags and idempotency keys: what protects a write from another, and a repeat from itself."""

import asyncio
from collections import Counter

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path, task_path, tasks_of

from shared.db.databases import Database
from shared.principal import Role


async def test_what_has_not_changed_is_not_sent_again(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    tag = (await client.send("GET", task_path(task), who=ada)).headers["etag"]

    same = await client.send("GET", task_path(task), who=ada, headers={"If-None-Match": tag})
    await client.send("PATCH", task_path(task), {"title": "Land"}, who=ada)
    other = await client.send("GET", task_path(task), who=ada, headers={"If-None-Match": tag})

    assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)
    assert other.status == 200


async def test_a_stale_write_is_refused_with_the_current_state(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)
    for path, change in ((task_path(task), {"title": "Land"}), (project_path(project), {"name": "Artemis"})):
        stale = {"If-Match": (await client.send("GET", path, who=ada)).headers["etag"]}
        current = await client.send("PATCH", path, change, who=ada, headers=stale)

        for method, body in (("PATCH", change), ("PUT", {}), ("DELETE", None)):
            answer = await client.send(method, path, body, who=ada, headers=stale)

            assert (answer.status, answer.code) == (412, "PRECONDITION_FAILED")
            assert answer.json["error"]["details"]["current"] == current.data


async def test_a_write_that_knows_the_version_passes(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))

    patched = await client.send("PATCH", task_path(task), {"title": "Land"}, who=ada, headers={"If-Match": '"1"'})
    removed = await client.send("DELETE", task_path(task), who=ada, headers={"If-Match": patched.headers["etag"]})

    assert (patched.status, removed.status) == (200, 204)


async def test_a_stale_write_without_the_right_is_told_about_the_right(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.VIEWER)
    task = await client.new_task(ada, await client.new_project(ada, visibility="tenant"))

    answer = await client.send("PATCH", task_path(task), {"title": "x"}, who=ben, headers={"If-Match": '"9"'})

    assert answer.code == "AUTH_FORBIDDEN"


@pytest.mark.parametrize("kind", ["task", "project"])
async def test_of_a_hundred_writes_to_one_version_one_wins(client: ProjectClient, kind: str) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)
    path, field = (task_path(task), "title") if kind == "task" else (project_path(project), "name")

    for version in (1, 2):
        answers = await asyncio.gather(
            *(
                client.send("PATCH", path, {field: f"{version} {n}"}, who=ada, headers={"If-Match": f'"{version}"'})
                for n in range(100)
            )
        )

        assert Counter(answer.status for answer in answers) == {200: 1, 412: 99}
    assert (await client.send("GET", path, who=ada)).data["version"] == 3


async def test_writes_without_a_condition_all_count(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))

    await asyncio.gather(*(client.send("PATCH", task_path(task), {"title": str(n)}, who=ada) for n in range(20)))

    assert (await client.send("GET", task_path(task), who=ada)).data["version"] == 21
    events = await client.events(ada, f"tasks:{task['project_id']}")
    assert [event.topics[0].offset for event in events] == list(range(1, 22))


async def test_a_repeated_creation_is_answered_as_the_first(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    key = {"Idempotency-Key": "once"}
    for path, body in ((PROJECTS, {"name": "Artemis"}), (tasks_of(project), {"title": "Fly"})):
        key = {"Idempotency-Key": f"once {path}"}
        first = await client.send("POST", path, body, who=ada, headers=key)
        again = await client.send("POST", path, body, who=ada, headers=key)

        assert first.status == again.status == 201
        assert first.body == again.body
        assert (first.headers["location"], first.headers["etag"]) == (again.headers["location"], again.headers["etag"])
        assert again.headers["idempotent-replayed"] == "true"
    assert (await client.send("GET", tasks_of(project), who=ada)).json["total"] == 1


async def test_a_repeated_restore_is_answered_as_the_first(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.send("DELETE", project_path(project), who=ada)
    path, key = project_path(project) + "/restore", {"Idempotency-Key": "back"}

    first = await client.send("POST", path, who=ada, headers=key)
    again = await client.send("POST", path, who=ada, headers=key)

    assert (first.status, again.status) == (200, 200)
    assert first.data == again.data


async def test_a_key_serves_one_request_only(client: ProjectClient, database: Database) -> None:
    ada = person()
    project = await client.new_project(ada)
    key = {"Idempotency-Key": "once"}
    await client.send("POST", tasks_of(project), {"title": "Fly"}, who=ada, headers=key)

    other = await client.send("POST", tasks_of(project), {"title": "Land"}, who=ada, headers=key)
    of_another = await client.send("POST", tasks_of(project), {"title": "Fly"}, who=person(Role.ADMIN), headers=key)

    assert (other.status, other.code) == (422, "IDEMPOTENCY_MISMATCH")
    assert (of_another.status, "idempotent-replayed" in of_another.headers) == (201, False)


async def test_a_key_used_many_times_at_once_creates_one_task(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    key = {"Idempotency-Key": "once"}

    answers = await asyncio.gather(
        *(client.send("POST", tasks_of(project), {"title": "Fly"}, who=ada, headers=key) for _ in range(20))
    )

    assert {answer.status for answer in answers} <= {201, 409}
    assert len({answer.data["id"] for answer in answers if answer.status == 201}) == 1
    assert (await client.send("GET", tasks_of(project), who=ada)).json["total"] == 1
