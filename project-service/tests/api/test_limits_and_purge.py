"""How many projects a tenant may have, and when deleted ones are gone for good."""

import asyncio
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path, task_path

from project_service.projects import service
from project_service.projects.domain import RESTORABLE_FOR
from shared.clock import SystemClock
from shared.principal import Role, Tier
from shared.quotas import LIMITS, Quota
from shared.testing.callers import GLOBEX
from shared.testing.eventually import eventually

PORTIONED = (
    "projects", "tasks", "task_attachments", "task_dependencies", "comments", "comment_edits", "comment_stars",
    "files", "versions", "file_changes",
)  # fmt: skip
FREE = LIMITS[Quota.PROJECTS][Tier.FREE]


async def test_the_free_tier_holds_ten_projects_however_fast_they_come(client: ProjectClient) -> None:
    ada, boss = person(), person(Role.ADMIN)
    await asyncio.gather(*(client.new_project(ada) for _ in range(FREE - 2)))

    answers = await asyncio.gather(*(client.send("POST", PROJECTS, {"name": "x"}, who=boss) for _ in range(8)))

    assert sorted(answer.status for answer in answers) == [201] * 2 + [403] * 6
    refused = next(answer for answer in answers if answer.status == 403)
    assert refused.code == "TIER_LIMIT_EXCEEDED"
    assert refused.json["error"]["details"] == {
        "quota": "projects", "limit": 10, "used": 10,
        "resets_at": None, "tier": "free", "required_tier": "pro", "upgrade_url": None,
    }  # fmt: skip
    assert (await client.send("POST", PROJECTS, {"name": "x"}, who=person(Role.OWNER, GLOBEX))).status == 201
    paying = msgspec.structs.replace(ada, tier=Tier.PRO)
    assert (await client.send("POST", PROJECTS, {"name": "x"}, who=paying)).status == 201


async def test_deleted_projects_make_room_that_restoring_needs_again(client: ProjectClient) -> None:
    ada = person()
    first = await client.new_project(ada)
    for _ in range(FREE - 1):
        await client.new_project(ada)
    await client.send("DELETE", project_path(first), who=ada)
    await client.new_project(ada)

    answer = await client.send("POST", f"{project_path(first)}/restore", who=ada)

    assert (answer.status, answer.code) == (403, "TIER_LIMIT_EXCEEDED")


async def test_after_thirty_days_a_deleted_project_goes_with_all_that_is_in_it(client: ProjectClient) -> None:
    ada = person()
    kept, gone = [await filled_project(client, ada) for _ in range(2)]
    await client.send("DELETE", project_path(gone), who=ada)
    now = SystemClock().now()

    early = await purged(client, now + RESTORABLE_FOR - timedelta(minutes=1))
    await eventually(lambda: is_purged(client, gone, now + RESTORABLE_FOR + timedelta(minutes=1)))

    assert early == 0
    for table in ("tasks", "task_counts", "project_members", "project_favorites", "project_tags", "comments"):
        left = await client.database.system_rows(f"select distinct project_id from {table}")
        assert [str(row["project_id"]) for row in left] == [kept["id"]], table
    assert (await client.send("POST", f"{project_path(gone)}/restore", who=ada)).status == 404


async def test_no_transaction_deletes_more_rows_of_projects_than_one_portion(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ROWS_AT_ONCE", 1)
    ada = person()
    projects = [await filled_project(client, ada) for _ in range(2)]
    for project in projects:
        await client.send("DELETE", project_path(project), who=ada)
    later = SystemClock().now() + RESTORABLE_FOR + timedelta(minutes=1)

    filled = [await client.database.system_rows(f"select count(*) from {table}") for table in PORTIONED]
    left = [await rows_left(client)]
    while await purged(client, later):
        left.append(await rows_left(client))

    sizes = [before - after for before, after in pairwise(left)]
    assert left[-1] == 0
    assert all(rows[0]["count"] for rows in filled)
    assert max(sizes) == 1


async def purged(client: ProjectClient, now: datetime) -> int:
    async with client.database.system_work() as work:
        return await service.purge_deleted(work, now)


async def is_purged(client: ProjectClient, project: dict[str, Any], now: datetime) -> bool:
    """A project to which something is added in this moment is left for the next round."""
    await purged(client, now)
    return not await client.database.system_rows("select from projects where id = $1", UUID(project["id"]))


async def rows_left(client: ProjectClient) -> int:
    counts = [await client.database.system_rows(f"select count(*) from {table}") for table in PORTIONED]
    return sum(rows[0]["count"] for rows in counts)


async def filled_project(client: ProjectClient, ada: Any) -> dict[str, Any]:
    project = await client.new_project(ada)
    path = project_path(project)
    first, second = [await client.new_task(ada, project) for _ in range(2)]
    await client.send("POST", f"{task_path(first)}/depends-on/{second['id']}", who=ada)
    await client.create(f"{task_path(first)}/attachments", {"url": "https://example.com/"}, who=ada)
    await client.send("PUT", f"{path}/files", {"files": [{"path": "a", "content": "1"}]}, who=ada)
    await client.create(f"{path}/tags", {"name": "moon"}, who=ada)
    about = {"entity_type": "project", "entity_id": project["id"], "body": "!"}
    comment = await client.create(f"{path}/comments", about, who=ada)
    await client.create(f"{path}/comments", {**about, "parent_id": comment["id"]}, who=ada)
    await client.send("PATCH", f"{path}/comments/{comment['id']}", {"body": "?"}, who=ada)
    await client.send("POST", f"{path}/comments/{comment['id']}/star", who=ada)
    await client.send("POST", f"{path}/favorite", who=ada)
    return project
