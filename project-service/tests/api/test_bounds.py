"""What is bounded: how many there may be of a thing, exactly and under load, and how many bytes an answer has."""

import asyncio
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from project_builders import person
from project_client import ProjectClient, task_path, tasks_of

from project_service import limits
from project_service.attachments import service as attachments
from project_service.gifting.gifts import service as gifts
from project_service.gifting.items import service as items
from project_service.gifting.lists import service as lists
from project_service.gifting.occasions import service as occasions
from project_service.gifting.persons import service as persons
from project_service.labels import service as labels
from project_service.sessions import service as sessions
from project_service.webhooks import delivery_queue
from shared import pagination
from shared.principal import Role

API = "/api/v1"
MOST = 3
NOUNS: dict[str, tuple[ModuleType, str, str, Callable[[int], dict[str, Any]]]] = {
    "labels": (labels, "LABELS", "{project}/tasks/labels", lambda n: {"name": f"label {n}"}),
    "sessions": (sessions, "SESSIONS", API + "/sessions", lambda n: {"name": f"s {n}", "workspace_path": "/w"}),
    "persons": (persons, "PERSONS", API + "/persons", lambda n: {"name": f"person {n}"}),
    "occasions": (occasions, "OCCASIONS", API + "/occasions", lambda n: occasion(n)),
    "lists": (lists, "GIFT_LISTS", API + "/lists", lambda n: {"name": f"list {n}", "type": "ideas"}),
    "items": (items, "LIST_ITEMS", "{list}/items", lambda n: {"name": f"item {n}"}),
    "gifts": (gifts, "GIFTS", API + "/gifts", lambda n: {"name": f"gift {n}"}),
}


def occasion(number: int) -> dict[str, Any]:
    return {"name": f"occasion {number}", "date": "2027-01-01", "kind": "other"}


@pytest.mark.parametrize("noun", NOUNS)
async def test_a_limit_is_exact_under_parallel_requests(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch, noun: str
) -> None:
    module, name, path, body = NOUNS[noun]
    monkeypatch.setattr(module, name, getattr(limits, name)._replace(most=MOST))
    ada = person(Role.ADMIN)
    if "{project}" in path:
        path = path.format(project=f"{API}/projects/{(await client.new_project(ada))['id']}")
    elif "{list}" in path:
        gift_list = await client.create(f"{API}/lists", {"name": "Ideas", "type": "ideas"}, who=ada)
        path = path.format(list=f"{API}/lists/{gift_list['id']}")

    answers = await asyncio.gather(*(client.send("POST", path, body(number), who=ada) for number in range(12)))

    assert Counter(answer.status for answer in answers) == {201: MOST, 409: 12 - MOST}
    [refused] = {answer.code for answer in answers if answer.status == 409}
    assert refused == "LIMIT_REACHED"


async def test_a_limit_counts_for_forks_too_and_a_deletion_makes_room(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "SESSIONS", limits.SESSIONS._replace(most=1))
    ada, ben = person(), person()
    session = await client.create(f"{API}/sessions", {"name": "One", "workspace_path": "/w"}, who=ada)

    refused = await client.send("POST", f"{API}/sessions/{session['id']}/fork", {}, who=ada)
    await client.create(f"{API}/sessions", {"name": "His", "workspace_path": "/w"}, who=ben)
    await client.send("DELETE", f"{API}/sessions/{session['id']}", who=ada)
    await client.create(f"{API}/sessions", {"name": "Two", "workspace_path": "/w"}, who=ada)

    assert refused.code == "LIMIT_REACHED"
    assert refused.json["error"]["details"]["limit"] == 1


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

    async with client.database.system_work() as work:
        await delivery_queue.forget_beyond(work, room)

    left = await _rows(client, "select event_id from webhook_bodies", at_least=2)
    logged = await client.send("GET", f"{API}/webhooks/{webhook['id']}/deliveries", who=ada)
    assert {row["event_id"] for row in left} == {row["event_id"] for row in bodies[-2:]}
    assert len(projects) == 4
    assert {each["event_id"] for each in logged.items} == {str(row["event_id"]) for row in left}


async def _rows(client: ProjectClient, sql: str, *, at_least: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(5):
        while len(rows := await client.database.system_rows(sql)) < at_least:
            await asyncio.sleep(0.02)
    return rows
