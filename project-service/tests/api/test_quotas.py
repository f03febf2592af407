"""How many projects a tenant may have: exact on every road, however many requests come at once."""

from collections import Counter
from collections.abc import Awaitable
from typing import Any

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path
from project_replicas import AT_ONCE, Road, TwoReplicas
from zip_attacks import zip_of

from shared.principal import Principal, Role, Tier
from shared.quotas import LIMITS, Quota
from shared.testing.callers import GLOBEX
from shared.testing.service_client import Answer

FREE = LIMITS[Quota.PROJECTS][Tier.FREE]
ARCHIVE = zip_of({"a.txt": b"a"})


def create(client: ProjectClient, who: Principal, number: int) -> Awaitable[Answer]:
    return client.send("POST", PROJECTS, {"name": f"P{number}"}, who=who)


def from_template(client: ProjectClient, who: Principal, number: int) -> Awaitable[Answer]:
    body = {"template_id": "python-api", "name": f"T{number}"}
    return client.send("POST", f"{PROJECTS}/from-template", body, who=who)


def import_zip(client: ProjectClient, who: Principal, number: int) -> Awaitable[Answer]:
    headers = {"content-type": "application/zip"}
    return client.send("POST", f"{PROJECTS}/import?name=I{number}", who=who, raw=ARCHIVE, headers=headers)


def restore(deleted: list[dict[str, Any]]) -> Road:
    return lambda client, who, number: client.send("POST", f"{project_path(deleted[number])}/restore", who=who)


async def projects_of(client: ProjectClient, who: Principal) -> int:
    total: int = (await client.send("GET", PROJECTS, who=who)).json["total"]
    return total


async def deleted_projects(client: ProjectClient, who: Principal) -> list[dict[str, Any]]:
    deleted = []
    for _ in range(AT_ONCE):
        deleted.append(await client.new_project(who))
        await client.send("DELETE", project_path(deleted[-1]), who=who)
    return deleted


@pytest.mark.parametrize("road", [create, from_template, import_zip])
async def test_of_fifty_projects_at_once_as_many_are_made_as_the_tier_includes(
    replicas: TwoReplicas, road: Road
) -> None:
    ada = person()

    answers = await replicas.at_once(ada, road)

    assert answers == Counter({"made": FREE, "TIER_LIMIT_EXCEEDED": AT_ONCE - FREE})
    assert await projects_of(replicas.one, ada) == FREE
    assert (await create(replicas.one, person(Role.OWNER, GLOBEX), 0)).status == 201


async def test_of_fifty_projects_restored_at_once_as_many_come_back_as_the_tier_includes(
    replicas: TwoReplicas,
) -> None:
    ada = person()
    deleted = await deleted_projects(replicas.one, ada)

    answers = await replicas.at_once(ada, restore(deleted))

    assert answers == Counter({"made": FREE, "TIER_LIMIT_EXCEEDED": AT_ONCE - FREE})
    assert await projects_of(replicas.one, ada) == FREE


async def test_all_roads_share_one_limit_up_to_the_last_project(replicas: TwoReplicas) -> None:
    ada = person()
    deleted = await deleted_projects(replicas.one, ada)
    for number in range(FREE - 1):
        await create(replicas.one, ada, number)

    answers = await replicas.at_once(ada, create, from_template, import_zip, restore(deleted))

    assert answers == Counter({"made": 1, "TIER_LIMIT_EXCEEDED": AT_ONCE - 1})
    assert await projects_of(replicas.one, ada) == FREE


async def test_archived_projects_count_so_bringing_them_back_is_never_refused(replicas: TwoReplicas) -> None:
    client, ada = replicas.one, person()
    project = await client.new_project(ada)
    await client.send("PATCH", project_path(project), {"archived": True}, who=ada)
    for number in range(FREE - 1):
        await create(client, ada, number)

    one_more = await create(client, ada, FREE)
    back = await client.send("PATCH", project_path(project), {"archived": False}, who=ada)

    assert (one_more.code, back.status) == ("TIER_LIMIT_EXCEEDED", 200)
