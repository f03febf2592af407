"""Where tasks stand: no two in one place, and nobody changes their order but who is moved."""

import asyncio
from typing import Any

import msgspec
from hypothesis import given, strategies as st
from project_builders import person
from project_client import ProjectClient, task_path, tasks_of

from project_service.tasks.domain import places_between
from shared.principal import Principal

places = st.floats(-1e12, 1e12)


async def standing(client: ProjectClient, who: Principal, project: dict[str, Any]) -> list[dict[str, Any]]:
    return (await client.send("GET", f"{tasks_of(project)}?limit=100", who=who)).items


def titles(tasks: list[dict[str, Any]]) -> str:
    return "".join(task["title"] for task in tasks)


async def move(client: ProjectClient, who: Principal, task: dict[str, Any], position: float) -> dict[str, Any]:
    answer = await client.send("PATCH", task_path(task), {"position": position}, who=who)
    assert answer.status == 200, answer
    moved: dict[str, Any] = answer.data
    return moved


async def test_who_comes_to_a_taken_place_stands_next_behind(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    _a, _b, c = [await client.new_task(ada, project, title=title, position=n) for n, title in enumerate("abc")]

    await move(client, ada, c, 0)
    await client.new_task(ada, project, title="d", position=0)

    tasks = await standing(client, ada, project)
    assert titles(tasks) == "adcb"
    assert [task["version"] for task in tasks] == [1, 1, 2, 1]


async def test_moving_a_task_to_where_it_stands_is_no_change(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada), position=4)

    assert await move(client, ada, task, 4) == task


async def test_tasks_added_at_once_stand_apart(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)

    await asyncio.gather(*(client.new_task(ada, project) for _ in range(60)))

    assert len({task["position"] for task in await standing(client, ada, project)}) == 60


async def test_many_moves_to_one_place_lose_no_order(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    tasks = [await client.new_task(ada, project, title=title, position=n) for n, title in enumerate("abcdefghijkl")]

    await asyncio.gather(*(move(client, ada, task, 0) for task in tasks[6:]))

    after = await standing(client, ada, project)
    assert len({task["position"] for task in after}) == 12
    assert (titles(after)[0], titles(after)[7:]) == ("a", "bcdef")


async def test_where_there_is_no_room_the_next_ones_make_some(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.new_task(ada, project, title="0", position=1)
    await client.new_task(ada, project, title="z", position=2)
    for number in range(60):
        await client.new_task(ada, project, title=chr(ord("A") + number), position=1)

    tasks = await standing(client, ada, project)

    assert titles(tasks) == "0" + "".join(chr(ord("A") + number) for number in reversed(range(60))) + "z"
    told = [msgspec.json.decode(event.data) for event in await client.events(ada, f"tasks:{project['id']}")]
    assert {event["entity_id"]: event["payload"] for event in told} == {task["id"]: task for task in tasks}
    assert any(event["changed_fields"] == ["position"] for event in told)


@given(low=places, high=st.none() | places, count=st.integers(1, 50))
def test_places_rise_between_their_ends(low: float, high: float | None, count: int) -> None:
    if high is not None:
        low, high = sorted((low, high))

    found = places_between(low, high, count)

    assert found is None or all(
        before < after for before, after in zip([low, *found], [*found, high], strict=True) if after is not None
    )
    assert found is not None or high is not None
