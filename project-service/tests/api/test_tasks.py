"""Tasks over HTTP: adding, finding, changing, removing, and what each tells the world."""

from typing import Any

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, project_path, task_path, tasks_of
from project_people import introduce

from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX

DUE = "2026-06-01T12:00:00Z"


async def listed(client: ProjectClient, who: Principal, project: dict[str, Any], query: str = "") -> list[str]:
    answer = await client.send("GET", f"{tasks_of(project)}?{query}", who=who)
    assert answer.status == 200, answer
    assert answer.json["total"] == len(answer.items)
    return [item["title"] for item in answer.items]


async def test_a_task_needs_a_title_and_nothing_else(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await client.send("POST", tasks_of(project), {"title": "Fly"}, who=ada)

    assert answer.status == 201
    assert answer.headers["location"] == task_path(answer.data)
    assert answer.headers["etag"].startswith('"1-')
    unset = {name: value for name, value in answer.data.items() if not name.endswith("_at") and name != "id"}
    assert unset == {
        "tenant_id": str(ada.tenant_id),
        "project_id": project["id"],
        "title": "Fly",
        "description": None,
        "status": "todo",
        "priority": "normal",
        "assignee_id": None,
        "position": 1.0,
        "label_ids": [],
        "depends_on": [],
        "attachment_count": 0,
        "created_by": str(ada.user_id),
        "version": 1,
    }
    assert (await client.send("GET", task_path(answer.data), who=ada)).data == answer.data


async def test_everything_given_is_kept(client: ProjectClient) -> None:
    ada = person()
    given = {
        "title": "Fly",
        "description": "to the moon",
        "status": "In_Progress",
        "priority": "HIGH",
        "assignee_id": str(ada.user_id),
        "due_at": "2026-06-01T14:00:00+02:00",
        "position": -1.5e11,
    }

    task = await client.new_task(ada, await client.new_project(ada), **given)

    assert {name: task[name] for name in given} == {**given, "status": "in_progress", "priority": "high", "due_at": DUE}


async def test_new_tasks_go_behind_all_others(client: ProjectClient) -> None:
    ada = person()
    project, other = await client.new_project(ada), await client.new_project(ada)
    await client.new_task(ada, other, position=1000)
    await client.new_task(ada, project, title="a", position=7.5)
    await client.new_task(ada, project, title="b")
    last = await client.new_task(ada, project, title="c")

    await client.send("PATCH", task_path(last), {"position": 7.75}, who=ada)

    assert await listed(client, ada, project) == ["a", "c", "b"]


async def test_tasks_are_found_by_each_filter(client: ProjectClient, bus: MemoryBus) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    await introduce(client, bus, (ben, "ben@example.com", None))
    project = await client.new_project(ada)
    await client.new_task(ada, project, title="Alpha 50%", status="done", priority="urgent")
    await client.new_task(ada, project, title="beta", assignee_id=str(ada.user_id), due_at=DUE)
    await client.new_task(
        ada, project, title="gamma", assignee_id=str(ben.user_id), status="done", due_at="2027-01-01T00:00:00Z"
    )

    assert await listed(client, ada, project, "status=DONE") == ["Alpha 50%", "gamma"]
    assert await listed(client, ada, project, "status=blocked") == []
    assert await listed(client, ada, project, "priority=urgent") == ["Alpha 50%"]
    assert await listed(client, ada, project, "assignee_id=me") == ["beta"]
    assert await listed(client, ada, project, f"assignee_id={ben.user_id}&status=done") == ["gamma"]
    assert await listed(client, ada, project, "q=ALPHA") == ["Alpha 50%"]
    assert await listed(client, ada, project, "q=%25") == ["Alpha 50%"]
    assert await listed(client, ada, project, "due_before=2026-06-01T12:00:01Z") == ["beta"]
    assert await listed(client, ada, project, f"due_before={DUE}") == []


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        ("title", ["Alpha", "beta", "Gamma"]),
        ("-title", ["Gamma", "beta", "Alpha"]),
        ("priority", ["Gamma", "Alpha", "beta"]),
        ("-priority", ["beta", "Alpha", "Gamma"]),
        ("due_at", ["Gamma", "Alpha", "beta"]),
        ("-due_at", ["beta", "Alpha", "Gamma"]),
        ("position", ["Gamma", "beta", "Alpha"]),
        ("created_at", ["Alpha", "beta", "Gamma"]),
        ("-updated_at", ["Alpha", "Gamma", "beta"]),
    ],
)
async def test_a_cursor_walks_every_order(client: ProjectClient, sort: str, titles: list[str]) -> None:
    ada = person()
    project = await client.new_project(ada)
    alpha = await client.new_task(
        ada, project, title="Alpha", priority="normal", due_at="2026-02-01T00:00:00Z", position=3
    )
    await client.new_task(ada, project, title="beta", priority="urgent", position=2)
    await client.new_task(ada, project, title="Gamma", priority="low", due_at="2026-01-01T00:00:00Z", position=1)
    await client.send("PATCH", task_path(alpha), {"description": "changed last"}, who=ada)

    found, cursor = [], ""
    while cursor is not None:
        answer = (await client.send("GET", f"{tasks_of(project)}?page_size=1&sort={sort}{cursor}", who=ada)).json
        found += [item["title"] for item in answer["items"]]
        cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"

    assert found == titles


async def test_tasks_of_one_sort_key_are_listed_once_each(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    for number in range(5):
        await client.new_task(ada, project, title=str(number), position=1)

    first = (await client.send("GET", f"{tasks_of(project)}?limit=2", who=ada)).json
    second = (await client.send("GET", f"{tasks_of(project)}?limit=3&cursor={first['next_cursor']}", who=ada)).json

    assert {item["title"] for item in first["items"] + second["items"]} == {"0", "1", "2", "3", "4"}
    assert (first["page_size"], second["next_cursor"]) == (2, None)


async def test_totals_follow_every_write(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    tasks = [await client.new_task(ada, project, title=str(number)) for number in range(3)]
    await client.send("PATCH", task_path(tasks[0]), {"status": "done"}, who=ada)
    await client.send("DELETE", task_path(tasks[1]), who=ada)

    async def total(query: str) -> int | None:
        return (await client.send("GET", f"{tasks_of(project)}?{query}", who=ada)).json["total"]

    assert [await total(query) for query in ("", "status=todo", "status=done", "page=9")] == [2, 1, 1, 2]
    assert await total("include_total=false") is None
    assert await total("include_total=false&assignee_id=me&page=9") is None
    assert (await client.send("GET", project_path(project), who=ada)).data["counts"] == {
        "tasks": 2,
        "open_tasks": 1,
        "members": 1,
    }


async def test_a_task_is_assigned_to_somebody_of_the_tenant_only(client: ProjectClient, bus: MemoryBus) -> None:
    ada, stranger = person(), person(Role.OWNER, GLOBEX)
    await introduce(client, bus, (stranger, "eve@example.com", None))
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)

    for nobody in (stranger.user_id, new_id()):
        body = {"title": "Fly", "assignee_id": str(nobody)}
        operation = {"operations": [{"op": "create", "data": body}]}
        added = await client.send("POST", tasks_of(project), body, who=ada)
        changed = await client.send("PATCH", task_path(task), body, who=ada)
        at_once = await client.send("POST", f"{tasks_of(project)}/bulk", operation, who=ada)

        assert [(answer.status, answer.wrong_fields) for answer in (added, changed)] == [
            (422, {"assignee_id": "unknown"})
        ] * 2
        assert at_once.json["error"]["details"]["operations"][0]["fields"][0]["path"] == "data.assignee_id"


async def test_a_patch_changes_what_it_names_and_null_clears(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(
        ada, await client.new_project(ada), description="x", due_at=DUE, assignee_id=str(ada.user_id)
    )

    patched = await client.send("PATCH", task_path(task), {"title": "Land", "due_at": None}, who=ada)
    put = await client.send("PUT", task_path(task), {"assignee_id": None}, who=ada)

    assert (patched.data["title"], patched.data["description"], patched.data["due_at"]) == ("Land", "x", None)
    assert patched.data["assignee_id"] == task["assignee_id"]
    assert (put.data["assignee_id"], put.data["title"], put.data["version"]) == (None, "Land", 3)


async def test_a_patch_that_changes_nothing_writes_and_tells_nothing(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada), due_at=DUE)

    same = await client.send("PATCH", task_path(task), {"title": "Fly", "due_at": "2026-06-01T14:00:00+02:00"}, who=ada)
    empty = await client.send("PATCH", task_path(task), {}, who=ada)

    assert (same.status, empty.status) == (200, 200)
    assert same.data == empty.data == task
    assert len(await client.events(ada, f"tasks:{task['project_id']}")) == 1


async def test_a_removed_task_is_gone(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))

    assert (await client.send("DELETE", task_path(task), who=ada)).status == 204

    for method in ("GET", "DELETE", "PATCH"):
        answer = await client.send(method, task_path(task), {} if method == "PATCH" else None, who=ada)
        assert (answer.status, answer.code) == (404, "TASK_NOT_FOUND")


async def test_a_task_is_reached_through_its_own_project_only(client: ProjectClient) -> None:
    ada = person()
    other = await client.new_project(ada)
    task = await client.new_task(ada, await client.new_project(ada))

    answer = await client.send("GET", f"{tasks_of(other)}/{task['id']}", who=ada)

    assert (answer.status, answer.code) == (404, "TASK_NOT_FOUND")


async def test_readers_read_and_do_nothing_else(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    await client.join(project, ben, "viewer")
    task = await client.new_task(ada, project)

    assert (await client.send("GET", task_path(task), who=ben)).status == 200
    assert (await client.send("GET", tasks_of(project), who=ben)).json["total"] == 1
    for method, path, body in (
        ("POST", tasks_of(project), {"title": "x"}),
        ("PATCH", task_path(task), {"title": "x"}),
        ("PUT", task_path(task), {"title": "x"}),
        ("DELETE", task_path(task), None),
    ):
        answer = await client.send(method, path, body, who=ben)
        assert (answer.status, answer.code) == (403, "AUTH_FORBIDDEN")


async def test_each_write_is_one_event_named_after_what_matters_most(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)
    for change in (
        {"title": "Land"},
        {"assignee_id": str(ada.user_id), "title": "Land now"},
        {"status": "done", "assignee_id": None},
    ):
        await client.send("PATCH", task_path(task), change, who=ada)
    topic = f"tasks:{project['id']}"
    [added, *_] = await client.events(ada, topic)  # afterwards it says no more than that there was a task
    await client.send("DELETE", task_path(task), who=ada)

    events = await client.events(ada, topic)

    assert [event.type for event in events] == [
        f"project.task.{verb}" for verb in ("added", "updated", "assigned", "status_changed", "deleted")
    ]
    assert [event.topics[0].offset for event in events] == [1, 2, 3, 4, 5]
    told = [msgspec.json.decode(event.data) for event in events]
    assert [data["version"] for data in told] == [1, 2, 3, 4, 5]
    assert msgspec.json.decode(added.data)["payload"] == task
    assert told[3]["changed_fields"] == ["status", "assignee_id"]
    assert told[4]["payload"] == {"id": task["id"]}


async def test_all_wrong_fields_are_named_at_once(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    body = {
        "title": "",
        "status": "later",
        "priority": 3,
        "assignee_id": "me",
        "due_at": "2026-06-01T12:00:00",
        "position": "first",
        "version": 9,
    }

    answer = await client.send("POST", f"{tasks_of(project)}", body, who=ada)

    assert answer.status == 422
    assert answer.wrong_fields == {
        "title": "too_short",
        "status": "invalid_choice",
        "priority": "wrong_type",
        "assignee_id": "invalid_format",
        "due_at": "invalid_format",
        "position": "wrong_type",
        "version": "unknown",
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"title": "a\\u0000b"}',
        b'{"title": "a", "description": "\\u0000"}',
        b'{"title": "a", "due_at": "0001-01-01T00:00:00+14:00"}',
        b'{"title": "a", "due_at": "9999-12-31T23:59:59-14:00"}',
        b'{"title": "a", "position": null, "status": null}',
        b"[]",
        b"",
    ],
)
async def test_what_cannot_be_stored_is_refused(client: ProjectClient, body: bytes) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await client.send("POST", tasks_of(project), raw=body, who=ada)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


@pytest.mark.parametrize("position", [b"NaN", b"1e999", b"-Infinity"])
async def test_a_position_is_finite(client: ProjectClient, position: bytes) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await client.send("POST", tasks_of(project), raw=b'{"title": "a", "position": %s}' % position, who=ada)

    assert answer.status in (400, 422)


@pytest.mark.parametrize(
    "query",
    [
        "status=later",
        "assignee_id=you",
        "assignee_id=me%0A",
        "due_before=soon",
        "due_before=0001-01-01T00:00:00%2B14:00",
        "sort=description",
        "cursor=%00",
        "cursor=IiI",
        "limit=0",
        "page=-1",
    ],
)
async def test_a_query_out_of_range_is_refused(client: ProjectClient, query: str) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await client.send("GET", f"{tasks_of(project)}?{query}", who=ada)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")
