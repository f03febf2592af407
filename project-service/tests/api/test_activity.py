"""What happened in a project: every change of anything in it, once, newest first, and never what was written."""

from typing import Any

from project_builders import person
from project_client import ProjectClient, project_path, task_path

from shared.events.envelope import encode
from shared.events.projects import ProjectAdded
from shared.messaging.bus import OutgoingMessage
from shared.messaging.event_log import EventLog
from shared.messaging.memory import MemoryBus
from shared.principal import Principal, Role
from shared.testing.eventually import eventually


async def test_every_noun_of_a_project_is_in_its_activity(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    project = await client.new_project(ada)
    await client.join(project, ben, "editor")
    path = project_path(project)
    task = await client.new_task(ben, project, title="A secret")
    await client.send("PATCH", task_path(task), {"status": "done", "title": "Another secret"}, who=ben)
    await client.create(f"{path}/tags", {"name": "moon"}, who=ada)
    about = {"entity_type": "project", "entity_id": project["id"], "body": "A secret"}
    await client.create(f"{path}/comments", about, who=ben)
    await client.send("DELETE", f"{path}/team/{ben.user_id}", who=ben)
    await client.send("POST", f"{path}/favorite", who=ada)

    await eventually(lambda: has(client, ada, project, 6))

    answer = await client.send("GET", f"{path}/activity", who=ada)
    assert [each["type"] for each in answer.items] == [
        "member.removed", "comment.added", "tag.added", "task.status_changed", "task.added", "project.added",
    ]  # fmt: skip
    status = answer.items[3]
    assert (status["entity_type"], status["entity_id"], status["actor_id"]) == ("task", task["id"], str(ben.user_id))
    assert set(status["changed_fields"]) == {"status", "title"}
    assert b"secret" not in answer.body


async def test_an_event_that_comes_again_is_no_new_activity(client: ProjectClient, bus: MemoryBus) -> None:
    ada = person()
    project = await client.new_project(ada)
    await eventually(lambda: has(client, ada, project, 1))
    [envelope] = await EventLog(client.database).read(ada.tenant_id, f"project:{project['id']}", 0, 10)
    async with client.database.unit_of_work(ada.tenant_id) as work:
        await work.execute("delete from inbox")

    await bus.publish([OutgoingMessage("project", ProjectAdded.type, envelope.id, encode(envelope))])
    await client.new_task(ada, project)

    await eventually(lambda: has(client, ada, project, 2))


async def test_activity_has_pages_and_cursors(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    for _ in range(4):
        await client.new_task(ada, project)
    await eventually(lambda: has(client, ada, project, 5))
    path = f"{project_path(project)}/activity?page_size=3"

    first = (await client.send("GET", path, who=ada)).json
    rest = (await client.send("GET", f"{path}&cursor={first['next_cursor']}", who=ada)).json
    second = (await client.send("GET", f"{path}&page=2", who=ada)).json

    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 2, None)
    assert rest["items"] == second["items"]
    assert rest["items"][-1]["type"] == "project.added"


async def has(client: ProjectClient, who: Principal, project: dict[str, Any], count: int) -> bool:
    answer = await client.send("GET", f"{project_path(project)}/activity", who=who)
    assert answer.json["total"] <= count
    return bool(answer.json["total"] == count)
