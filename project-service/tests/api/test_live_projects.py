"""What windows on a project are answered: a state that its stream goes on from, and only to those who may see it."""

import random
from typing import Any
from uuid import UUID

import msgspec
import pytest
from project_builders import person
from project_client import ProjectClient, files_of

from shared.errors import Forbidden
from shared.events.envelope import decode
from shared.events.files import FileAdded, FileDeleted, FileState, FileUpdated
from shared.events.live_project import (
    AskLiveProject,
    AskPreview,
    DoInProject,
    GenerationUnavailable,
    LiveCommand,
    LiveProject,
)
from shared.events.questions import TopicNotFound, TopicReplay
from shared.events.registry import default_registry
from shared.events.topics import files_topic
from shared.ids import new_id
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Principal, Role
from shared.testing.callers import GLOBEX


@pytest.fixture
def requests(client: ProjectClient, bus: MemoryBus) -> Requests:
    """Asks the running service."""
    return Requests(bus)


async def state_of(requests: Requests, who: Principal, project: dict[str, Any]) -> LiveProject:
    return await requests.ask(AskLiveProject(principal=who, project_id=UUID(project["id"])))


async def test_the_state_and_what_is_told_after_it_make_the_next_state(
    client: ProjectClient, requests: Requests
) -> None:
    ada, chance = person(), random.Random(7)
    project = await client.new_project(ada)
    paths = [f"{name}.txt" for name in "abcdef"]
    known = await state_of(requests, ada, project)
    files = {file.id: file for file in known.files}

    for round_number in range(12):
        there = {file.path for file in files.values()}
        written = chance.sample(paths, 3)
        deleted = [path for path in there - set(written) if chance.random() < 0.4]
        body = {"files": [{"path": path, "content": f"{round_number}"} for path in written], "delete": deleted}
        await client.send("PUT", files_of(project), body, who=ada)
        apply(files, await told_after(requests, ada, project, known))
        known = await state_of(requests, ada, project)
        assert sorted(files.values(), key=lambda file: file.path) == known.files


async def told_after(requests: Requests, who: Principal, project: dict[str, Any], known: LiveProject) -> list[Any]:
    topic = files_topic(UUID(project["id"]))
    question = TopicReplay(principal=who, topic=topic, epoch=known.epoch, after=known.offset)
    replay = await requests.ask(question, service="project")
    assert replay.is_complete
    return [default_registry().read(decode(bytes(raw))) for raw in replay.events]


def apply(files: dict[UUID, FileState], events: list[Any]) -> None:
    for event in events:
        if isinstance(event, FileAdded | FileUpdated):
            files[event.entity_id] = event.payload
        elif isinstance(event, FileDeleted):
            del files[event.entity_id]


@pytest.mark.parametrize("contract", [AskLiveProject, AskPreview, DoInProject])
async def test_what_one_may_not_see_is_not_there(client: ProjectClient, requests: Requests, contract: Any) -> None:
    ada = person()
    project = await client.new_project(ada)
    command = {"command": LiveCommand.STOP_GENERATION} if contract is DoInProject else {}
    keyless = msgspec.structs.replace(ada, scopes=("tasks:write",))

    for who, project_id in (
        (person(Role.DEVELOPER), project["id"]),
        (person(Role.OWNER, GLOBEX), project["id"]),
        (ada, new_id()),
        (keyless, project["id"]),
    ):
        with pytest.raises(TopicNotFound):
            await requests.ask(contract(principal=who, project_id=UUID(str(project_id)), **command))


async def test_readers_do_not_command_and_editors_learn_that_nothing_generates(
    client: ProjectClient, requests: Requests
) -> None:
    ada = person()
    project = await client.new_project(ada, visibility="tenant")
    reading_key = msgspec.structs.replace(ada, scopes=("files:read",))

    for command in LiveCommand:
        about = {"project_id": UUID(project["id"]), "command": command, "prompt": "A clock", "content": "Bigger"}
        with pytest.raises(GenerationUnavailable):
            await requests.ask(DoInProject(principal=ada, **about))
        for reader in (person(Role.VIEWER), reading_key):
            with pytest.raises(Forbidden):
                await requests.ask(DoInProject(principal=reader, **about))
