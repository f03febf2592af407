"""Topics of projects: the right to read is the right to follow, and what happened can be had again."""

import pytest
from project_builders import person
from project_client import ProjectClient, task_path

from shared.events.questions import TopicNotFound, TopicPosition, TopicReplay
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX


@pytest.fixture
def requests(client: ProjectClient, bus: MemoryBus) -> Requests:
    """Asks the running service."""
    return Requests(bus)


async def position(requests: Requests, who: Principal, topic: str) -> int:
    return (await requests.ask(TopicPosition(principal=who, topic=topic), service="project")).offset


@pytest.mark.parametrize("kind", ["project", "tasks"])
async def test_who_may_read_may_follow(client: ProjectClient, requests: Requests, kind: str) -> None:
    ada = person()
    project = await client.new_project(ada, visibility="tenant")
    await client.new_task(ada, project)

    for who in (ada, person(Role.ADMIN), person(Role.VIEWER)):
        assert await position(requests, who, f"{kind}:{project['id']}") == 1


@pytest.mark.parametrize("kind", ["project", "tasks", "files"])
async def test_who_may_not_read_is_told_there_is_no_topic(client: ProjectClient, requests: Requests, kind: str) -> None:
    ada = person()
    private = await client.new_project(ada)
    gone = await client.new_project(ada)
    await client.send("DELETE", f"/api/v1/projects/{gone['id']}", who=ada)

    for who, topic in (
        (person(Role.DEVELOPER), f"{kind}:{private['id']}"),
        (person(Role.OWNER, GLOBEX), f"{kind}:{private['id']}"),
        (ada, f"{kind}:{gone['id']}"),
        (ada, f"{kind}:{new_id()}"),
        (ada, f"{kind}:x:{private['id']}"),
        (ada, f"{kind}:{private['id'].upper()}"),
        (ada, f"{kind}:all"),
        (ada, f"conversation:{private['id']}"),
    ):
        with pytest.raises(TopicNotFound):
            await position(requests, who, topic)


async def test_what_was_missed_is_replayed_in_order(client: ProjectClient, requests: Requests) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    for title in ("a", "b", "c"):
        await client.send("PATCH", task_path(task), {"title": title}, who=ada)
    topic = f"tasks:{task['project_id']}"
    here = await requests.ask(TopicPosition(principal=ada, topic=topic), service="project")

    question = TopicReplay(principal=ada, topic=topic, epoch=here.epoch, after=2)
    answer = await requests.ask(question, service="project")

    assert answer.is_complete
    assert (len(answer.events), answer.offset) == (2, 4)
    assert b'"title":"b"' in bytes(answer.events[0])
