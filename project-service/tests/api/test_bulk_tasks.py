"""Many tasks in one request: all of it or nothing, and every reason why not."""

import asyncio
from collections import Counter
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, task_path, tasks_of

from project_service.tasks.bulk import BulkService
from project_service.tasks.schemas import BulkAction, BulkOperation
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.ids import new_id
from shared.principal import Principal
from shared.testing.counting import CountingDatabase
from shared.testing.service_client import Answer


async def bulk(client: ProjectClient, who: Principal, project: dict[str, Any], *operations: Any) -> Answer:
    return await client.send("POST", f"{tasks_of(project)}/bulk", {"operations": operations}, who=who)


async def test_tasks_are_added_changed_and_deleted_together(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    label = await client.create(f"{tasks_of(project)}/labels", {"name": "Bug"}, who=ada)
    old, gone, same = [await client.new_task(ada, project, title=title) for title in ("old", "gone", "same")]

    answer = await bulk(
        client,
        ada,
        project,
        {"op": "update", "id": old["id"], "data": {"title": "new", "label_ids": [label["id"]]}, "if_version": 1},
        {"op": "CREATE", "data": {"title": "b", "label_ids": [label["id"]]}},
        {"op": "create", "data": {"title": "c", "status": "done"}},
        {"op": "delete", "id": gone["id"]},
        {"op": "update", "id": same["id"], "data": {"title": "same"}},
    )

    assert answer.status == 200, answer
    results = answer.data["results"]
    assert [result["op"] for result in results] == ["update", "create", "create", "delete", "update"]
    assert results[3] == {"op": "delete", "id": gone["id"]}
    listed = (await client.send("GET", tasks_of(project), who=ada)).items
    assert listed == [results[index]["data"] for index in (0, 4, 1, 2)]
    assert [task["version"] for task in listed] == [2, 1, 1, 1]
    told = [event.type for event in await client.events(ada, f"tasks:{project['id']}")][4:]
    assert told == ["project.task.added", "project.task.added", "project.task.updated", "project.task.deleted"]


async def test_every_operation_that_is_wrong_is_named_and_none_is_done(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)

    form = await bulk(
        client,
        ada,
        project,
        {"op": "create", "data": {"title": "fine"}},
        {"op": "create", "id": str(new_id()), "data": {"title": "", "due_at": "soon"}},
        {"op": "create", "data": {"title": "", "due_at": "soon"}},
        {"op": "update", "id": task["id"]},
        {"op": "delete", "id": task["id"], "data": {}},
    )
    state = await bulk(
        client,
        ada,
        project,
        {"op": "create", "data": {"title": "fine", "label_ids": [str(new_id())]}},
        {"op": "update", "id": str(new_id()), "data": {"title": "x"}},
        {"op": "delete", "id": task["id"], "if_version": 7},
    )

    assert (form.status, form.code) == (422, "TASK_BULK_INVALID")
    named = form.json["error"]["details"]["operations"]
    wrong = {(each["index"], field["path"], field["code"]) for each in named for field in each["fields"]}
    assert wrong == {
        (1, "id", "unknown"),
        (2, "data.title", "too_short"),
        (2, "data.due_at", "invalid_format"),
        (3, "data", "required"),
        (3, "id", "repeated"),
        (4, "data", "unknown"),
        (4, "id", "repeated"),
    }
    assert (state.status, state.code) == (422, "TASK_BULK_INVALID")
    named = state.json["error"]["details"]["operations"]
    assert [(each["index"], each["code"]) for each in named] == [
        (0, "VALIDATION_ERROR"),
        (1, "TASK_NOT_FOUND"),
        (2, "PRECONDITION_FAILED"),
    ]
    assert (named[0]["fields"][0]["path"], named[2]["current"]) == ("data.label_ids.0", task)
    assert (await client.send("GET", tasks_of(project), who=ada)).items == [task]
    assert len(await client.events(ada, f"tasks:{project['id']}")) == 1


async def test_what_only_the_state_forbids_is_a_conflict(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    roof, wall = [await client.new_task(ada, project, title=title) for title in ("roof", "wall")]
    await client.send("POST", f"{task_path(roof)}/depends-on/{wall['id']}", who=ada)
    finish = [{"op": "update", "id": task["id"], "data": {"status": "done"}} for task in (roof, wall)]

    alone = await bulk(client, ada, project, finish[0])
    together = await bulk(client, ada, project, *finish)
    reopening = await bulk(client, ada, project, {"op": "update", "id": roof["id"], "data": {"status": "todo"}})
    crossed = await bulk(
        client, ada, project, finish[0], {"op": "update", "id": wall["id"], "data": {"status": "todo"}}
    )

    assert (alone.status, alone.code) == (409, "TASK_BULK_CONFLICT")
    [blocked] = alone.json["error"]["details"]["operations"]
    assert (blocked["code"], blocked["open"][0]["id"]) == ("TASK_BLOCKED", wall["id"])
    assert (together.status, reopening.status, crossed.status) == (200, 200, 409)


async def test_tasks_swap_places_and_share_none(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    a, b, c = [await client.new_task(ada, project, title=title, position=n) for n, title in enumerate("abc")]
    places = ((a, 1), (b, 0), (c, 1))

    answer = await bulk(
        client,
        ada,
        project,
        *({"op": "update", "id": task["id"], "data": {"position": place}} for task, place in places),
        {"op": "create", "data": {"title": "d", "position": 0}},
    )

    tasks = (await client.send("GET", tasks_of(project), who=ada)).items
    assert "".join(task["title"] for task in tasks) == "bdac"
    assert len({task["position"] for task in tasks}) == 4
    assert {result["id"]: result["data"] for result in answer.data["results"]} == {task["id"]: task for task in tasks}
    told = [msgspec.json.decode(event.data) for event in await client.events(ada, f"tasks:{project['id']}")]
    assert {event["entity_id"]: event["payload"] for event in told} == {task["id"]: task for task in tasks}


async def test_a_repeated_request_is_answered_as_the_first(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    body, key = {"operations": [{"op": "create", "data": {"title": "x"}}]}, {"Idempotency-Key": "once"}

    first, again = [
        await client.send("POST", f"{tasks_of(project)}/bulk", body, who=ada, headers=key) for _ in range(2)
    ]

    assert first.body == again.body
    assert (await client.send("GET", tasks_of(project), who=ada)).json["total"] == 1


@pytest.mark.parametrize(
    "raw",
    [
        b'{"operations": []}',
        b'{"operations": [{"op": "create", "data": {"title": "a\\u0000"}}]}',
        b'{"operations": [{"op": "drop"}]}',
        b'{"operations": [{"op": "update", "id": "1", "data": {}}]}',
        b'{"operations": [{"op": "create", "data": {"title": "a", "position": 1e300}}]}',
        b'{"operations": [{"op": "create", "data": {"title": "a"}, "if_version": 99999999999999999999}]}',
        b'{"operations": [%s]}' % b",".join([b'{"op": "create", "data": {"title": "a"}}'] * 101),
    ],
)
async def test_what_cannot_be_read_is_refused(client: ProjectClient, raw: bytes) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await client.send("POST", f"{tasks_of(project)}/bulk", raw=raw, who=ada)

    assert answer.status == 422
    assert (await client.send("GET", tasks_of(project), who=ada)).json["total"] == 0


async def test_a_hundred_tasks_take_as_many_statements_as_one(client: ProjectClient, database: Database) -> None:
    ada = person()
    project = await client.new_project(ada)
    tasks = [await client.new_task(ada, project, title=str(n)) for n in range(60)]
    operations = [
        *(BulkOperation(op=BulkAction.CREATE, data={"title": "x", "position": n + 0.5}) for n in range(40)),
        *(BulkOperation(op=BulkAction.UPDATE, id=UUID(t["id"]), data={"status": "done"}) for t in tasks[:30]),
        *(BulkOperation(op=BulkAction.DELETE, id=UUID(task["id"])) for task in tasks[30:]),
    ]
    counting = CountingDatabase(database)

    await BulkService(cast(Database, counting), SystemClock()).run(ada, UUID(project["id"]), operations)

    assert len(counting.statements) <= 10


async def test_requests_on_the_same_tasks_all_end(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    tasks = [await client.new_task(ada, project, title=title, position=n) for n, title in enumerate("abcdef")]

    answers = await asyncio.gather(
        *(
            bulk(
                client,
                ada,
                project,
                *({"op": "update", "id": t["id"], "data": {"title": str(n), "position": n}} for t in tasks[n % 3 :]),
            )
            for n in range(12)
        )
    )

    assert Counter(answer.status for answer in answers) == {200: 12}
    after = (await client.send("GET", tasks_of(project), who=ada)).items
    assert len({task["position"] for task in after}) == 6
