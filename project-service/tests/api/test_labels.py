"""Labels over HTTP: making and deleting them, putting them on tasks, finding tasks by them."""

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, task_path, tasks_of

from shared.ids import new_id
from shared.principal import Principal


async def new_label(client: ProjectClient, who: Principal, project: dict[str, Any], name: str) -> dict[str, Any]:
    return await client.create(f"{tasks_of(project)}/labels", {"name": name}, who=who)


async def test_a_label_has_a_name_and_perhaps_a_colour(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    labels = f"{tasks_of(project)}/labels"

    made = await client.create(labels, {"name": "Ärger zuerst", "color": "#aa00FF"}, who=ada)
    plain = await client.create(labels, {"name": "bug"}, who=ada)

    assert (made["name"], made["color"], made["version"]) == ("Ärger zuerst", "#aa00FF", 1)
    listed = (await client.send("GET", labels, who=ada)).json
    assert (listed["items"], listed["total"]) == ([plain, made], 2)


async def test_labels_are_listed_in_pages(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    for name in ("b", "C", "a"):
        await new_label(client, ada, project, name)

    first = (await client.send("GET", f"{tasks_of(project)}/labels?limit=2", who=ada)).json
    rest = (await client.send("GET", f"{tasks_of(project)}/labels?cursor={first['next_cursor']}", who=ada)).json
    beyond = (await client.send("GET", f"{tasks_of(project)}/labels?page=3", who=ada)).json

    assert [label["name"] for label in first["items"] + rest["items"]] == ["a", "b", "C"]
    assert (beyond["items"], beyond["total"]) == ([], 3)


async def test_a_name_is_used_once_in_a_project_in_any_case(client: ProjectClient) -> None:
    ada = person()
    project, other = await client.new_project(ada), await client.new_project(ada)
    await new_label(client, ada, other, "Ärger")

    answers = await asyncio.gather(
        *(
            client.send("POST", f"{tasks_of(project)}/labels", {"name": name}, who=ada)
            for name in ("Ärger", "ÄRGER", "a\u0308rger")
        )
    )

    assert Counter(answer.status for answer in answers) == {201: 1, 409: 2}
    assert {answer.code for answer in answers if answer.status == 409} == {"LABEL_EXISTS"}


@pytest.mark.parametrize(
    "body",
    [
        {"name": " x"},
        {"name": "x\n"},
        {"name": ""},
        {"name": "x" * 51},
        {"name": "x", "color": "red"},
        {"name": "x", "color": "#00ff00\n"},
    ],
)
async def test_a_label_out_of_form_is_refused(client: ProjectClient, body: dict[str, Any]) -> None:
    ada = person()
    project = await client.new_project(ada)

    answer = await client.send("POST", f"{tasks_of(project)}/labels", body, who=ada)

    assert (answer.status, answer.code) == (422, "VALIDATION_ERROR")


async def test_tasks_bear_labels_and_are_found_by_them(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    bug, ux = await new_label(client, ada, project, "Bug"), await new_label(client, ada, project, "UX")
    both = await client.new_task(ada, project, title="both", label_ids=[ux["id"], bug["id"], ux["id"]])
    later = await client.new_task(ada, project, title="later")

    changed = await client.send("PATCH", task_path(later), {"label_ids": [ux["id"]]}, who=ada)
    same = await client.send("PATCH", task_path(both), {"label_ids": [bug["id"], ux["id"]]}, who=ada)

    assert both["label_ids"] == sorted([bug["id"], ux["id"]])
    assert (changed.data["label_ids"], changed.data["version"], same.data["version"]) == ([ux["id"]], 2, 1)
    for query, titles in (
        (f"label={bug['id']}", ["both"]),
        ("label=ux", ["both", "later"]),
        ("label=ux&sort=-title&status=todo", ["later", "both"]),
        ("label=nothing", []),
        (f"label={new_id()}", []),
    ):
        answer = await client.send("GET", f"{tasks_of(project)}?{query}", who=ada)
        assert [task["title"] for task in answer.items] == titles
        assert answer.json["total"] == len(titles)


async def test_labels_of_elsewhere_are_refused_by_name(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    own = await new_label(client, ada, project, "own")
    foreign = await new_label(client, ada, await client.new_project(ada), "foreign")
    task = await client.new_task(ada, project)
    wrong = {"title": "x", "label_ids": [own["id"], foreign["id"], str(new_id())]}

    for method, path in (("POST", tasks_of(project)), ("PATCH", task_path(task))):
        answer = await client.send(method, path, wrong, who=ada)

        assert answer.status == 422
        assert answer.wrong_fields == {"label_ids.1": "unknown", "label_ids.2": "unknown"}
    assert (await client.send("GET", tasks_of(project), who=ada)).items == [task]


async def test_a_deleted_label_is_off_all_tasks(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    bug = await new_label(client, ada, project, "Bug")
    task = await client.new_task(ada, project, label_ids=[bug["id"]])

    removed = await client.send("DELETE", f"{tasks_of(project)}/labels/{bug['id']}", who=ada)
    again = await client.send("DELETE", f"{tasks_of(project)}/labels/{bug['id']}", who=ada)

    assert (removed.status, again.status, again.code) == (204, 404, "LABEL_NOT_FOUND")
    assert (await client.send("GET", task_path(task), who=ada)).data["label_ids"] == []
    events = await client.events(ada, f"tasks:{project['id']}")
    assert [event.type for event in events] == ["project.label.added", "project.task.added", "project.label.deleted"]
    assert msgspec.json.decode(events[1].data)["payload"] == task
