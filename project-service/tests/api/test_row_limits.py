"""Technical limits: exact at the edge, however many requests come at once, and no matter for whom is far from it."""

from collections import Counter
from collections.abc import Awaitable
from typing import Any, cast
from uuid import UUID

import pytest
from project_builders import person
from project_client import SESSIONS, ProjectClient, files_of, project_path, task_path, tasks_of
from project_replicas import AT_ONCE, TwoReplicas

from project_service import limits
from project_service.activity import repository as activity
from project_service.gifting.dashboard import repository as dashboard
from project_service.projects.service import purge_deleted
from project_service.tasks.schemas import CreateTask
from project_service.tasks.service import TaskService
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.db.row_limits import RowLimit
from shared.principal import Principal
from shared.testing.counting import CountingDatabase
from shared.testing.service_client import Answer

ROOM = 5
GIFTING = "/api/v1"


def at_the_edge(limit: RowLimit) -> int:
    return limit.most - ROOM


def refused_beyond_room() -> Counter[str]:
    return Counter({"made": ROOM, "LIMIT_REACHED": AT_ONCE - ROOM})


async def fill(client: ProjectClient, who: Principal, statement: str, *arguments: object) -> None:
    async with client.database.unit_of_work(who.tenant_id) as work:
        await work.execute(statement, who.tenant_id, *arguments)


COUNTED = "insert into task_counts (tenant_id, project_id, status, count, bytes) values ($1, $2, 'todo', $3, $4)"


async def test_a_project_holds_a_hundred_thousand_tasks_and_not_one_more(replicas: TwoReplicas) -> None:
    ada = person()
    project = await replicas.one.new_project(ada)
    await fill(replicas.one, ada, COUNTED, UUID(project["id"]), at_the_edge(limits.TASKS_OF_PROJECT), 0)

    answers = await replicas.at_once(
        ada, lambda client, who, number: client.send("POST", tasks_of(project), {"title": f"{number}"}, who=who)
    )
    last = await replicas.one.send("POST", tasks_of(project), {"title": "last"}, who=ada)

    assert answers == refused_beyond_room()
    assert (last.status, last.json["error"]["details"]) == (
        409, {"what": "tasks of a project", "limit": limits.TASKS_OF_PROJECT.most},
    )  # fmt: skip


async def test_bulk_changes_stop_at_the_same_number_of_tasks(replicas: TwoReplicas) -> None:
    ada = person()
    project = await replicas.one.new_project(ada)
    await fill(replicas.one, ada, COUNTED, UUID(project["id"]), at_the_edge(limits.TASKS_OF_PROJECT), 0)

    async def bulk(number: int) -> str:
        operations = [{"op": "create", "data": {"title": "x"}} for _ in range(number)]
        answer = await replicas.one.send("POST", f"{tasks_of(project)}/bulk", {"operations": operations}, who=ada)
        return "made" if answer.status == 200 else answer.code

    assert [await bulk(ROOM + 1), await bulk(ROOM), await bulk(1)] == ["LIMIT_REACHED", "made", "LIMIT_REACHED"]


async def test_the_texts_of_tasks_fill_a_project_whether_they_are_added_or_changed(replicas: TwoReplicas) -> None:
    client, ada = replicas.one, person()
    project = await client.new_project(ada)
    await fill(client, ada, COUNTED, UUID(project["id"]), 0, limits.TEXT_OF_TASKS.most - 100)
    task = await client.new_task(ada, project, description="é")

    async def change(description: str) -> Answer:
        return await client.send("PATCH", task_path(task), {"description": description}, who=ada)

    fits = await change("x" * 90)
    too_long = [await change("é" * 60), await client.send("POST", tasks_of(project), {"title": "x" * 10}, who=ada)]
    shorter = await change("x")

    assert (fits.status, shorter.status) == (200, 200)
    assert [answer.code for answer in too_long] == ["LIMIT_REACHED", "LIMIT_REACHED"]
    [counted] = await client.database.system_rows("select sum(bytes) as size, sum(count) as number from task_counts")
    assert (counted["size"], counted["number"]) == (limits.TEXT_OF_TASKS.most - 100 + len("Fly") + 1, 1)


async def test_a_user_keeps_five_hundred_workspace_sessions_however_they_come(replicas: TwoReplicas) -> None:
    ada = person()
    original = await replicas.one.new_session(ada)
    await fill(
        replicas.one,
        ada,
        """
        insert into workspace_sessions (id, tenant_id, user_id, name, workspace_path, state, tags, last_accessed_at,
                                        created_at, updated_at)
        select gen_random_uuid(), $1, $2, 'x', '/', '{}', '{}', now(), now(), now() from generate_series(1, $3)
        """,
        ada.user_id,
        at_the_edge(limits.SESSIONS_OF_USER) - 1,
    )

    def create(client: ProjectClient, who: Principal, number: int) -> Awaitable[Answer]:
        return client.send("POST", SESSIONS, {"name": f"{number}", "workspace_path": "/"}, who=who)

    def fork(client: ProjectClient, who: Principal, number: int) -> Awaitable[Answer]:
        return client.send("POST", f"{SESSIONS}/{original['id']}/fork", {"name": f"{number}"}, who=who)

    assert await replicas.at_once(ada, create, fork) == refused_beyond_room()
    assert (await create(replicas.one, person(), 0)).status == 201


async def test_ten_thousand_comments_are_made_about_one_thing(replicas: TwoReplicas) -> None:
    ada = person()
    project = await replicas.one.new_project(ada)
    about = {"entity_type": "project", "entity_id": project["id"], "body": "!"}
    await fill(
        replicas.one,
        ada,
        """
        insert into comments (id, tenant_id, project_id, entity_type, entity_id, author_id, body, mentioned_user_ids,
                              created_at, updated_at)
        select gen_random_uuid(), $1, $2, 'project', $2, $3, '!', '{}', now(), now() from generate_series(1, $4)
        """,
        UUID(project["id"]),
        ada.user_id,
        at_the_edge(limits.COMMENTS_OF_THING),
    )

    answers = await replicas.at_once(
        ada, lambda client, who, _number: client.send("POST", f"{project_path(project)}/comments", about, who=who)
    )

    assert answers == refused_beyond_room()


async def test_what_a_comment_said_is_kept_for_the_last_hundred_edits(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    path = f"{project_path(project)}/comments"
    about = {"entity_type": "project", "entity_id": project["id"], "body": "first"}
    comment = await client.create(path, about, who=ada)
    for number in range(limits.EDITS_KEPT + 1):
        await client.send("PATCH", f"{path}/{comment['id']}", {"body": f"{number}"}, who=ada)

    kept = await client.database.system_rows("select body from comment_edits order by replaced_at, id")

    assert len(kept) == limits.EDITS_KEPT
    assert (kept[0]["body"], kept[-1]["body"]) == ("0", f"{limits.EDITS_KEPT - 1}")


PERSONS = """
insert into gift_persons (id, tenant_id, name, sizes, created_by, created_at, updated_at)
select gen_random_uuid(), $1, 'x', '{}', $2, now(), now() from generate_series(1, $3)
"""
OCCASIONS = """
insert into gift_occasions (id, tenant_id, name, kind, date, recurrence, timezone, person_ids, currency, created_by,
                            created_at, updated_at)
select gen_random_uuid(), $1, 'x', 'other', '2026-01-01', 'none', 'UTC', '{}', 'EUR', $2, now(), now()
from generate_series(1, $3)
"""
GIFTS = """
insert into gifts (id, tenant_id, name, tags, created_by, created_at, updated_at)
select gen_random_uuid(), $1, 'x', '{}', $2, now(), now() from generate_series(1, $3)
"""
LISTS = """
insert into gift_lists (id, tenant_id, name, type, visibility, created_by, created_at, updated_at)
select gen_random_uuid(), $1, 'x', 'wishlist', 'tenant', $2, now(), now() from generate_series(1, $3)
"""


@pytest.mark.parametrize(
    ("noun", "statement", "limit", "body"),
    [
        ("persons", PERSONS, limits.PERSONS_OF_TENANT, {"name": "x"}),
        ("occasions", OCCASIONS, limits.OCCASIONS_OF_TENANT, {"name": "x", "kind": "other", "date": "2026-01-01"}),
        ("gifts", GIFTS, limits.GIFTS_OF_USER, {"name": "x"}),
        ("lists", LISTS, limits.LISTS_OF_USER, {"name": "x"}),
    ],
)
async def test_gift_planning_has_an_end(
    replicas: TwoReplicas, noun: str, statement: str, limit: RowLimit, body: dict[str, Any]
) -> None:
    ada = person()
    await fill(replicas.one, ada, statement, ada.user_id, at_the_edge(limit))

    answers = await replicas.at_once(
        ada, lambda client, who, _number: client.send("POST", f"{GIFTING}/{noun}", body, who=who)
    )

    assert answers == refused_beyond_room()


async def test_of_deleted_projects_the_thousand_deleted_last_can_be_restored(client: ProjectClient) -> None:
    ada = person()
    oldest = await client.new_project(ada)
    await client.send("DELETE", project_path(oldest), who=ada)
    await fill(
        client,
        ada,
        """
        insert into projects (id, tenant_id, name, owner_id, visibility, created_at, updated_at, deleted_at)
        select gen_random_uuid(), $1, 'x', $2, 'private', now(), now(), now() from generate_series(1, $3)
        """,
        ada.user_id,
        limits.DELETED_PROJECTS_KEPT - 1,
    )
    last = await client.new_project(ada)
    await client.send("DELETE", project_path(last), who=ada)
    now = SystemClock().now()

    gone = await client.send("POST", f"{project_path(oldest)}/restore", who=ada)
    while True:
        async with client.database.system_work() as work:
            if not await purge_deleted(work, now):
                break
    back = await client.send("POST", f"{project_path(last)}/restore", who=ada)

    left = await client.database.system_rows("select id from projects where id = $1", UUID(oldest["id"]))
    assert (gone.status, back.status, left) == (404, 200, [])


async def test_versions_remember_half_a_million_changes_of_a_projects_files(client: ProjectClient) -> None:
    ada = person()
    project = await client.new_project(ada)
    await fill(
        client,
        ada,
        """
        insert into versions (id, tenant_id, project_id, version, kind, author_id, added, updated, deleted, file_count,
                              total_size, created_at)
        values (gen_random_uuid(), $1, $2, 1000, 'write', $1, 1, $3, 1, 0, 0, now())
        """,
        UUID(project["id"]),
        limits.CHANGES_OF_FILES.most - 3,
    )

    files = [{"path": path, "content": ""} for path in "ab"]
    both = await client.send("PUT", files_of(project), {"files": files}, who=ada)
    one = await client.send("PUT", files_of(project), {"files": files[:1]}, who=ada)

    assert (both.status, both.code, one.status) == (409, "LIMIT_REACHED", 200)


async def test_of_activity_the_newest_is_kept(client: ProjectClient) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    async with client.database.unit_of_work(ada.tenant_id) as work:
        for table, columns, values in (
            ("project_activity", "project_id, entity_type, changed_fields", "$2, 'x', '{}'"),
            ("gift_activity", "hidden_from", "case when $2::uuid is null then null else '{}'::uuid[] end"),
        ):
            await work.execute(
                f"""
                insert into {table} (id, tenant_id, type, entity_id, occurred_at, {columns})
                select gen_random_uuid(), $1, number::text, $1, now() + number * interval '1 second', {values}
                from generate_series(1, 30) as number
                """,
                ada.tenant_id,
                project,
            )
        await activity.delete_oldest(work, ada.tenant_id, project, 10)
        await dashboard.delete_oldest(work, ada.tenant_id, 10)

    for table in ("project_activity", "gift_activity"):
        kept = await client.database.system_rows(f"select min(type::int) as oldest, count(*) as number from {table}")
        assert dict(kept[0]) == {"oldest": 21, "number": 10}


async def test_beyond_the_limit_of_text_tasks_can_change_and_shrink_and_cannot_grow(
    client: ProjectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = person()
    project = await client.new_project(ada)
    task = await client.new_task(ada, project, description="x" * 2_000)
    monkeypatch.setattr(limits, "TEXT_OF_TASKS", RowLimit("bytes in a test", 1_000))

    shorter = await client.send("PATCH", task_path(task), {"description": "x" * 1_500}, who=ada)
    longer = await client.send("PATCH", task_path(task), {"description": "x" * 1_501}, who=ada)
    bulk = [
        await client.send("POST", f"{tasks_of(project)}/bulk", {"operations": operations}, who=ada)
        for operations in (
            [{"op": "update", "id": task["id"], "data": {"status": "in_progress"}}],
            [{"op": "update", "id": task["id"], "data": {"description": "x" * 1_400}}],
            [{"op": "update", "id": task["id"], "data": {"description": "x" * 1_401}}],
            [
                {"op": "update", "id": task["id"], "data": {"description": None}},
                {"op": "create", "data": {"title": "y", "description": "y" * 900}},
            ],
        )
    ]

    assert (shorter.status, longer.status, longer.code) == (200, 409, "LIMIT_REACHED")
    assert [answer.status for answer in bulk] == [200, 200, 409, 200]


async def test_far_from_a_limit_most_additions_count_nothing(client: ProjectClient) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    counting = CountingDatabase(client.database)
    tasks = TaskService(cast(Database, counting), SystemClock())

    for number in range(10):
        await tasks.add(ada, project, CreateTask(title=f"{number}", description="x" * 100))

    assert sum("task_counts" in statement for statement in counting.statements) == 2
