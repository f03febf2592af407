"""What is bounded: how many there may be of a thing, exactly and under load, and how many bytes an answer has."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from project_builders import person
from project_client import ProjectClient, task_path, tasks_of

from project_service import limits
from project_service.attachments import service as attachments
from project_service.webhooks import delivery_log
from shared import pagination
from shared.principal import Role

API = "/api/v1"
MOST = 3
PLACES: dict[str, tuple[str, str]] = {
    "LABELS_OF_PROJECT": ("/projects/{project}/tasks/labels", "label"),
    "ITEMS_OF_USER": ("/lists/{list}/items", "item"),
}


@pytest.mark.parametrize("limit", PLACES)
async def test_a_small_limit_is_exact_under_parallel_requests(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(limits, limit, getattr(limits, limit)._replace(most=MOST))
    ada = person(Role.ADMIN)
    project = await client.new_project(ada)
    gift_list = await client.create(f"{API}/lists", {"name": "Ideas", "type": "ideas"}, who=ada)
    path, name = PLACES[limit]
    place = API + path.format(project=project["id"], list=gift_list["id"])

    answers = await asyncio.gather(
        *(client.send("POST", place, {"name": f"{name} {number}"}, who=ada) for number in range(12))
    )

    assert Counter(answer.status for answer in answers) == {201: MOST, 409: 12 - MOST}
    assert {answer.code for answer in answers if answer.status == 409} == {"LIMIT_REACHED"}


async def test_a_task_has_only_so_many_attachments(client: ProjectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments, "MAX_ATTACHMENTS", MOST)
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))
    path = f"{task_path(task)}/attachments"

    answers = await asyncio.gather(
        *(client.send("POST", path, {"url": f"https://example.com/{n}"}, who=ada) for n in range(8))
    )

    assert Counter(answer.status for answer in answers) == {201: MOST, 409: 8 - MOST}


async def test_a_page_of_large_tasks_ends_early_and_goes_on_there(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pagination, "PAGE_BYTES", 5_000)
    ada = person()
    project = await client.new_project(ada)
    for number in range(7):
        await client.new_task(ada, project, title=str(number), description="x" * 2_000)

    pages, cursor = [], ""
    while cursor is not None:
        page = await client.send("GET", f"{tasks_of(project)}?page_size=50&sort=title{cursor}", who=ada)
        pages.append([task["title"] for task in page.items])
        cursor = page.json["next_cursor"] and f"&cursor={page.json['next_cursor']}"
    second = await client.send("GET", f"{tasks_of(project)}?page_size=4&page=2&sort=title", who=ada)
    fitting = await client.send("GET", f"{tasks_of(project)}?page_size=3&page=2&sort=title", who=ada)

    assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert (second.status, second.code) == (422, "PAGE_TOO_LARGE")
    assert [task["title"] for task in fitting.items] == ["3", "4", "5"]


@pytest.mark.parametrize("path", ["comments", "gifts", "persons", "projects"])
async def test_other_lists_with_large_texts_end_early_too(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(pagination, "PAGE_BYTES", 5_000)
    ada, text = person(Role.ADMIN), "x" * 2_000
    project = await client.new_project(ada, name="zzz")
    about = {"entity_type": "project", "entity_id": project["id"], "body": text}
    place, body = {
        "comments": (f"{API}/projects/{project['id']}/comments", about),
        "gifts": (f"{API}/gifts", {"name": "Kite", "notes": text}),
        "persons": (f"{API}/persons", {"name": "Ben", "notes": text}),
        "projects": (f"{API}/projects", {"name": "Moon", "description": text}),
    }[path]
    for _ in range(5):
        await client.create(place, body, who=ada)

    first = await client.send("GET", f"{place}?page_size=4&sort=-created_at", who=ada)
    rest = await client.send("GET", f"{place}?page_size=4&cursor={first.json['next_cursor']}&sort=-created_at", who=ada)

    assert len(first.items) == 3
    ids = [item["id"] for item in first.items + rest.items if item["id"] != project["id"]]
    assert len(set(ids)) == len(ids) == 5


async def test_the_body_of_an_event_is_stored_once_for_all_webhooks(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    for number in range(5):
        await client.create(f"{API}/webhooks", {"url": f"https://example.com/{number}", "events": ["*"]}, who=ada)

    await client.new_project(ada)

    deliveries = await _rows(client, "select event_id, body from webhook_deliveries", at_least=5)
    bodies = await _rows(client, "select event_id, size, body from webhook_bodies", at_least=1)
    assert len(deliveries) == 5
    assert {row["body"] for row in deliveries} == {None}
    assert [row["event_id"] for row in bodies] == list({row["event_id"] for row in deliveries})
    assert bodies[0]["size"] == len(bodies[0]["body"].encode())


async def test_a_large_log_loses_its_oldest_deliveries(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    webhook = await client.create(f"{API}/webhooks", {"url": "https://example.com/", "events": ["*"]}, who=ada)
    projects = [await client.new_project(ada, name=str(number)) for number in range(4)]
    bodies = await _rows(client, "select event_id, size from webhook_bodies order by created_at", at_least=4)
    room = sum(row["size"] for row in bodies[-2:])

    portions = [await _delete_beyond(client, room, most=1) for _ in range(3)]

    left = await _rows(client, "select event_id from webhook_bodies", at_least=2)
    logged = await client.send("GET", f"{API}/webhooks/{webhook['id']}/deliveries", who=ada)
    assert {row["event_id"] for row in left} == {row["event_id"] for row in bodies[-2:]}
    assert portions == [1, 1, 0]
    assert len(projects) == 4
    assert {each["event_id"] for each in logged.items} == {str(row["event_id"]) for row in left}


async def test_old_bodies_are_deleted_in_portions(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    await client.create(f"{API}/webhooks", {"url": "https://example.com/", "events": ["*"]}, who=ada)
    for number in range(2):
        await client.new_project(ada, name=str(number))
    await _rows(client, "select from webhook_deliveries", at_least=2)
    later = datetime.now(UTC) + timedelta(minutes=1)

    left = []
    for _ in range(4):
        async with client.database.system_work() as work:
            await delivery_log.forget(work, later, 1)
        left.append(len(await client.database.system_rows("select from webhook_bodies")))

    assert left == [2, 2, 1, 0]


async def test_bodies_with_many_deliveries_are_deleted_fewer_at_once(client: ProjectClient) -> None:
    ada = person(Role.ADMIN)
    for number in range(3):
        await client.create(f"{API}/webhooks", {"url": f"https://example.com/{number}", "events": ["*"]}, who=ada)
    for number in range(4):
        await client.new_project(ada, name=str(number))
    await _rows(client, "select from webhook_deliveries", at_least=12)

    portion = await _delete_beyond(client, 0, most=6)

    left = await client.database.system_rows("select from webhook_deliveries")
    assert (portion, len(left)) == (2, 6)


async def _delete_beyond(client: ProjectClient, room: int, most: int) -> int:
    async with client.database.system_work() as work:
        return await delivery_log.delete_beyond(work, room, most)


async def _rows(client: ProjectClient, sql: str, *, at_least: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(5):
        while len(rows := await client.database.system_rows(sql)) < at_least:
            await asyncio.sleep(0.02)
    return rows
