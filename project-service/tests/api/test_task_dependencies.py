"""What has to be done before what: never in a circle, and nothing is finished before what it waits for."""

import asyncio
from collections import Counter
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from project_builders import person
from project_client import ProjectClient, task_path, tasks_of

from shared.principal import Principal
from shared.testing.service_client import Answer

Task = dict[str, Any]


async def depend(client: ProjectClient, who: Principal, task: Task, other: Task, method: str = "POST") -> Answer:
    return await client.send(method, f"{task_path(task)}/depends-on/{other['id']}", who=who)


async def read(client: ProjectClient, who: Principal, task: Task) -> Task:
    data: Task = (await client.send("GET", task_path(task), who=who)).data
    return data


async def graph_of(client: ProjectClient, who: Principal, project: dict[str, Any]) -> dict[str, set[str]]:
    tasks = (await client.send("GET", f"{tasks_of(project)}?limit=100", who=who)).items
    return {task["id"]: set(task["depends_on"]) for task in tasks}


def has_cycle(graph: dict[str, set[str]]) -> bool:
    left = {task: set(needed) for task, needed in graph.items()}
    while free := [task for task, needed in left.items() if not needed & left.keys()]:
        for task in free:
            del left[task]
    return bool(left)


async def test_a_task_waits_for_another_until_told_otherwise(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    roof, wall = await client.new_task(ada, project, title="roof"), await client.new_task(ada, project, title="wall")

    assert [(await depend(client, ada, roof, wall)).status for _ in range(2)] == [204, 204]
    waiting = await read(client, ada, roof)
    assert [(await depend(client, ada, roof, wall, "DELETE")).status for _ in range(2)] == [204, 204]

    assert (waiting["depends_on"], waiting["version"]) == ([wall["id"]], 2)
    free = await read(client, ada, roof)
    assert (free["depends_on"], free["version"]) == ([], 3)
    events = (await client.events(ada, f"tasks:{project['id']}"))[2:]
    assert [event.type for event in events] == ["project.task.updated"] * 2
    assert [msgspec.json.decode(event.data)["changed_fields"] for event in events] == [["depends_on"]] * 2
    assert msgspec.json.decode(events[0].data)["payload"] == waiting


async def test_no_task_waits_for_itself_over_any_number_of_steps(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    one, two, three = [await client.new_task(ada, project) for _ in range(3)]
    await depend(client, ada, one, two)
    await depend(client, ada, two, three)

    for task, other in ((one, one), (two, one), (three, one)):
        answer = await depend(client, ada, task, other)
        assert (answer.status, answer.code) == (409, "TASK_DEPENDENCY_CYCLE")


async def test_tasks_of_another_project_are_not_there(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    elsewhere = await client.new_task(ada, await client.new_project(ada))

    for method in ("POST", "DELETE"):
        answer = await depend(client, ada, task, elsewhere, method)
        assert (answer.status, answer.code) == (404, "TASK_NOT_FOUND")


async def test_a_dependency_is_a_version_of_its_task(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    task, other = [await client.new_task(ada, project) for _ in range(2)]

    path = f"{task_path(task)}/depends-on/{other['id']}"
    stale = await client.send("POST", path, who=ada, headers={"If-Match": '"9"'})
    keyed = [await client.send("POST", path, who=ada, headers={"Idempotency-Key": "one"}) for _ in range(2)]

    assert stale.status == 412
    assert [(answer.status, answer.headers.get("idempotent-replayed")) for answer in keyed] == [
        (204, None),
        (204, "true"),
    ]


async def test_a_task_is_done_after_all_it_waits_for(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    roof, wall = await client.new_task(ada, project, title="roof"), await client.new_task(ada, project, title="wall")
    await depend(client, ada, roof, wall)

    early = await client.send("PATCH", task_path(roof), {"status": "done", "title": "x"}, who=ada)
    await client.send("PATCH", task_path(wall), {"status": "done"}, who=ada)
    right = await client.send("PATCH", task_path(roof), {"status": "done"}, who=ada)

    assert (early.status, early.code) == (409, "TASK_BLOCKED")
    assert early.json["error"]["details"] == {"open": [{"id": wall["id"], "title": "wall", "status": "todo"}]}
    assert (right.status, right.data["title"]) == (200, "roof")


async def test_a_deleted_task_holds_nobody_up(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    roof, wall = [await client.new_task(ada, project) for _ in range(2)]
    await depend(client, ada, roof, wall)

    await client.send("DELETE", task_path(wall), who=ada)

    assert (await read(client, ada, roof))["depends_on"] == []
    assert (await client.send("PATCH", task_path(roof), {"status": "done"}, who=ada)).status == 200


async def test_what_is_finished_was_free_at_that_moment(client: ProjectClient) -> None:
    """Reopening and finishing race; the order of the events is the order in which it happened."""
    ada = person()
    project = await client.new_project(ada)
    roof, wall = await client.new_task(ada, project, title="roof"), await client.new_task(ada, project, title="wall")
    await depend(client, ada, roof, wall)

    for _ in range(5):
        await asyncio.gather(
            *(
                client.send("PATCH", task_path(task), {"status": status}, who=ada)
                for task, status in ((wall, "done"), (roof, "done"), (wall, "todo"), (roof, "done"), (roof, "todo"))
            )
        )

    status = {roof["id"]: "todo", wall["id"]: "todo"}
    for event in await client.events(ada, f"tasks:{project['id']}"):
        if event.type == "project.task.status_changed":
            after = msgspec.json.decode(event.data)["payload"]
            assert not (after["id"] == roof["id"] and after["status"] == "done" and status[wall["id"]] != "done")
            status[after["id"]] = after["status"]


async def test_a_hundred_dependencies_at_once_make_no_circle(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    tasks = [await client.new_task(ada, project) for _ in range(11)]
    pairs = list(permutations(tasks, 2))[:100]

    answers = await asyncio.gather(*(depend(client, ada, task, other) for task, other in pairs))

    kinds = Counter(answer.status for answer in answers)
    assert kinds.keys() == {204, 409}
    graph = await graph_of(client, ada, project)
    assert sum(map(len, graph.values())) == kinds[204]
    assert not has_cycle(graph)


moves = st.lists(st.tuples(st.sampled_from(["POST", "DELETE"]), st.integers(0, 4), st.integers(0, 4)), max_size=25)


@pytest.mark.parametrize("at_once", [False, True])
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=moves)
async def test_any_series_of_changes_keeps_the_graph_as_a_model_says(
    client: ProjectClient, at_once: bool, steps: list[tuple[str, int, int]]
) -> None:
    ada = person()
    project = await client.new_project(ada)
    tasks = [await client.new_task(ada, project) for _ in range(5)]
    model: dict[str, set[str]] = {task["id"]: set() for task in tasks}

    if at_once:
        await asyncio.gather(*(depend(client, ada, tasks[a], tasks[b], method) for method, a, b in steps))
    for method, a, b in () if at_once else steps:
        answer = await depend(client, ada, tasks[a], tasks[b], method)
        wanted = {**model, tasks[a]["id"]: model[tasks[a]["id"]] | {tasks[b]["id"]}}
        if method == "DELETE":
            model[tasks[a]["id"]] -= {tasks[b]["id"]}
        elif not has_cycle(wanted):
            model = wanted
        else:
            assert answer.status == 409

    graph = await graph_of(client, ada, project)
    assert not has_cycle(graph)
    assert at_once or graph == model
