"""Tags, which everybody sees, and favourites, which are one's own."""

import asyncio
from typing import Any

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path

from project_service.tags.service import MAX_TAGS
from shared.principal import Role

FAVORITES = "/api/v1/favorites"


async def test_favourites_are_ones_own_and_made_once(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.VIEWER)
    project = await client.new_project(ada, visibility="tenant")
    await client.new_project(ada, name="other", visibility="tenant")
    path, key = f"{project_path(project)}/favorite", {"Idempotency-Key": "k"}

    statuses = [(await client.send("POST", path, who=ben, headers=key)).status for _ in range(3)]
    statuses += [(await client.send("POST", path, who=ben)).status]

    assert statuses == [204] * 4
    [mine] = (await client.send("GET", FAVORITES, who=ben)).items
    assert (mine["id"], mine["is_favorite"]) == (project["id"], True)
    assert (await client.send("GET", FAVORITES, who=ada)).json["total"] == 0
    assert (await client.send("GET", project_path(project), who=ada)).data["is_favorite"] is False
    assert await names(client, ben, "favorite=true") == ["Apollo"]
    assert await names(client, ben, "favorite=false") == ["other"]
    assert [(await client.send("DELETE", path, who=ben)).status for _ in range(2)] == [204, 204]
    assert (await client.send("GET", FAVORITES, who=ben)).items == []


async def test_a_favourite_that_was_hidden_or_deleted_is_not_listed(client: ProjectClient) -> None:
    ada, ben = person(), person(Role.DEVELOPER)
    projects = [await client.new_project(ada, visibility="tenant") for _ in range(2)]
    for project in projects:
        await client.send("POST", f"{project_path(project)}/favorite", who=ben)

    await client.send("PATCH", project_path(projects[0]), {"visibility": "private"}, who=ada)
    await client.send("DELETE", project_path(projects[1]), who=ada)

    assert (await client.send("GET", FAVORITES, who=ben)).json["total"] == 0


async def test_tags_are_shown_in_their_project_and_select_it(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await client.new_project(ada, name="other")

    tag = await client.create(tags_of(project), {"name": "Straße", "color": "#00ff00"}, who=ada)
    assert (tag["version"], tag["updated_at"]) == (1, tag["created_at"])
    await client.create(tags_of(project), {"name": "moon"}, who=ada)

    shown = (await client.send("GET", project_path(project), who=ada)).data["tags"]
    assert [each["name"] for each in shown] == ["moon", "Straße"]
    assert shown[1] == {"id": tag["id"], "name": "Straße", "color": "#00ff00"}
    listed = (await client.send("GET", tags_of(project), who=ada)).json
    assert (listed["total"], [each["name"] for each in listed["items"]]) == (2, ["moon", "Straße"])
    assert await names(client, ada, "tag=STRAßE") == ["Apollo"]
    assert await names(client, ada, "tag=sun") == []
    patched = await client.send("PATCH", project_path(project), {"name": "Artemis"}, who=ada)
    assert len(patched.data["tags"]) == 2


async def test_a_name_is_used_once_in_a_project_whatever_its_case(client: ProjectClient) -> None:
    ada = person()
    project, other = await client.new_project(ada), await client.new_project(ada)
    spellings = ["moon", "Moon", "MOON", "mOON"]

    answers = await asyncio.gather(*(client.send("POST", tags_of(project), {"name": n}, who=ada) for n in spellings))

    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert {answer.code for answer in answers if answer.status == 409} == {"TAG_EXISTS"}
    assert (await client.send("POST", tags_of(other), {"name": "moon"}, who=ada)).status == 201


async def test_a_tag_is_removed_once_and_told(client: ProjectClient) -> None:
    ada = person()
    project, other = await client.new_project(ada), await client.new_project(ada)
    tag = await client.create(tags_of(project), {"name": "moon"}, who=ada)

    elsewhere = await client.send("DELETE", f"{tags_of(other)}/{tag['id']}", who=ada)
    statuses = [(await client.send("DELETE", f"{tags_of(project)}/{tag['id']}", who=ada)).status for _ in range(2)]

    assert (elsewhere.status, elsewhere.code) == (404, "TAG_NOT_FOUND")
    assert statuses == [204, 404]
    told = [event.type for event in await client.events(ada, f"project:{project['id']}")]
    assert told == ["project.project.added", "project.tag.added", "project.tag.deleted"]


async def test_a_project_has_room_for_so_many_tags(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    for number in range(MAX_TAGS - 1):
        await client.create(tags_of(project), {"name": str(number)}, who=ada)

    answers = await asyncio.gather(
        *(client.send("POST", tags_of(project), {"name": name}, who=ada) for name in ("a", "b", "c"))
    )

    assert sorted(answer.status for answer in answers) == [201, 409, 409]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": " "},
        {"name": " a"},
        {"name": "a\n"},
        {"name": "x" * 51},
        {"name": "a\u0000"},
        {"name": "a", "color": "red"},
        {"name": "a", "color": "#00ff00\n"},
        {"nom": "a"},
    ],
)
async def test_a_tag_needs_a_proper_name(client: ProjectClient, body: Any) -> None:
    ada = person()

    answer = await client.send("POST", tags_of(await client.new_project(ada)), body, who=ada)

    assert answer.status == 422


def tags_of(project: dict[str, Any]) -> str:
    return f"{project_path(project)}/tags"


async def names(client: ProjectClient, who: Any, query: str) -> list[str]:
    return [item["name"] for item in (await client.send("GET", f"{PROJECTS}?{query}", who=who)).items]
