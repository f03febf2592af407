"""What only the database can show: the tenants' second wall, one transaction per write, and the price of a list."""

import asyncio
from itertools import pairwise
from typing import cast
from uuid import UUID

import pytest
from project_builders import person
from project_client import PROJECTS, ProjectClient, project_path, task_path, tasks_of

from project_service.activity.schemas import ActivityQuery
from project_service.activity.service import ActivityService
from project_service.comments.entities import KINDS
from project_service.comments.schemas import CommentQuery
from project_service.comments.service import CommentService
from project_service.leaving.service import Leavings
from project_service.projects.schemas import ProjectQuery
from project_service.projects.service import ProjectService
from project_service.tags.schemas import TagQuery
from project_service.tags.service import TagService
from project_service.tasks.models import Task
from project_service.tasks.schemas import CreateTask, PatchTask, TaskQuery
from project_service.tasks.service import TaskService
from project_service.team.schemas import TeamQuery
from project_service.team.service import TeamService
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.db.schema import UNPROTECTED_TABLES
from shared.events.projects import TaskPriority, TaskStatus
from shared.http.conditions import IfMatch
from shared.messaging.memory import MemoryBus
from shared.messaging.requests import Requests
from shared.principal import Role
from shared.testing.callers import GLOBEX
from shared.testing.counting import CountingDatabase

TABLES = (
    "projects", "project_members", "tasks", "task_counts", "outbox", "topic_offsets", "tenant_members", "comments",
    "project_favorites", "project_tags", "comment_edits", "comment_stars", "project_activity",
    "workspace_sessions", "search_documents", "search_spellings",
)  # fmt: skip


async def test_every_table_of_tenants_has_its_wall(database: Database) -> None:
    assert await database.system_rows(UNPROTECTED_TABLES) == []


async def test_queries_that_forget_the_tenant_still_see_one(client: ProjectClient, database: Database) -> None:
    ada, eve = person(), person(Role.OWNER, GLOBEX)
    project = await client.new_project(ada)
    task = await client.new_task(ada, project)
    await client.create(f"{project_path(project)}/tags", {"name": "moon"}, who=ada)

    async with database.unit_of_work(eve.tenant_id) as work:
        for table in TABLES:
            assert await work.rows(f"select * from {table}") == []
        assert await Task.all().using_db(work.connection) == []
        assert await work.execute("update tasks set title = 'mine'") == 0
        assert await work.execute("delete from projects") == 0

    assert (await client.send("GET", task_path(task), who=ada)).data == task


async def test_a_refused_write_leaves_no_event(client: ProjectClient) -> None:
    ada = person()
    task = await client.new_task(ada, await client.new_project(ada))

    await client.send("PATCH", task_path(task), {"title": "x"}, who=ada, headers={"If-Match": '"9"'})
    await client.send("POST", f"{PROJECTS}/{task['project_id']}/tasks", {"title": ""}, who=ada)

    assert len(await client.events(ada, f"tasks:{task['project_id']}")) == 1


async def test_row_and_event_are_stored_together_or_not_at_all(client: ProjectClient, database: Database) -> None:
    ada = person()
    project = await client.new_project(ada)
    async with database.system_work() as work:
        occupied = "insert into outbox_topics values ($1, $2, 1, gen_random_uuid())"
        await work.execute(occupied, ada.tenant_id, f"tasks:{project['id']}")

    answer = await client.send("POST", tasks_of(project), {"title": "Fly"}, who=ada)

    assert answer.status == 500
    assert (await client.send("GET", tasks_of(project), who=ada)).json["total"] == 0


@pytest.fixture
def counting(database: Database) -> CountingDatabase:
    return CountingDatabase(database)


@pytest.fixture
def tasks(counting: CountingDatabase) -> TaskService:
    return TaskService(cast(Database, counting), SystemClock())


@pytest.mark.parametrize(
    ("query", "most"),
    [
        (TaskQuery(), 1),
        (TaskQuery(status=TaskStatus.TODO, sort="-due_at"), 1),
        (TaskQuery(q="1", assignee_id="me", priority=TaskPriority.LOW), 2),
        (TaskQuery(page=7), 2),
    ],
)
async def test_a_list_of_tasks_takes_at_most_two_statements(
    client: ProjectClient, tasks: TaskService, counting: CountingDatabase, query: TaskQuery, most: int
) -> None:
    ada = person()
    project = await client.new_project(ada)
    for number in range(30):
        await client.new_task(ada, project, title=str(number))

    await tasks.find(ada, UUID(project["id"]), query)

    assert len(counting.statements) <= most


async def test_other_work_on_tasks_takes_few_statements(
    client: ProjectClient, tasks: TaskService, counting: CountingDatabase
) -> None:
    ada, anything = person(), IfMatch(None)
    project = UUID((await client.new_project(ada))["id"])
    await tasks.add(ada, project, CreateTask(title="The first is counted: see `shared.db.row_limits`"))
    counts = [len(counting.statements)]

    task = await tasks.add(ada, project, CreateTask(title="Fly"))
    counts.append(len(counting.statements))
    await tasks.get(ada, project, task.id)
    counts.append(len(counting.statements))
    await tasks.change(ada, project, task.id, PatchTask(title="Land"), anything)
    counts.append(len(counting.statements))
    await tasks.remove(ada, project, task.id, anything)
    counts.append(len(counting.statements))

    assert [after - before for before, after in pairwise(counts)] == [1, 1, 2, 2]


async def test_a_list_of_projects_takes_one_statement(client: ProjectClient, counting: CountingDatabase) -> None:
    ada = person()
    for _ in range(5):
        await client.new_task(ada, await client.new_project(ada))

    await ProjectService(cast(Database, counting), SystemClock()).find(ada, ProjectQuery())

    assert len(counting.statements) == 1


async def test_lists_in_a_project_take_two_statements_whatever_they_hold(
    client: ProjectClient, counting: CountingDatabase, bus: MemoryBus
) -> None:
    ada = person()
    project = await client.new_project(ada)
    about = {"entity_type": "project", "entity_id": project["id"], "body": "!"}
    for _ in range(5):
        await client.create(f"{project_path(project)}/comments", about, who=ada)
        await client.join(project, person(), "viewer")
    project_id, database = UUID(project["id"]), cast(Database, counting)
    counts = [len(counting.statements)]

    for listing in (
        CommentService(database, SystemClock(), KINDS).find(ada, project_id, CommentQuery()),
        TeamService(database, Requests(bus), cast(Leavings, None), SystemClock()).find(ada, project_id, TeamQuery()),
        TagService(database, SystemClock()).find(ada, project_id, TagQuery(include_total=False)),
        ActivityService(database).find(ada, project_id, ActivityQuery(include_total=False)),
    ):
        await listing
        counts.append(len(counting.statements))

    assert [after - before for before, after in pairwise(counts)] == [2, 2, 2, 2]


async def test_counts_are_right_after_many_writers_at_once(client: ProjectClient, database: Database) -> None:
    ada = person()
    project = await client.new_project(ada)
    tasks = await asyncio.gather(*(client.new_task(ada, project, title=str(n)) for n in range(40)))

    await asyncio.gather(
        *(client.send("PATCH", task_path(task), {"status": "done"}, who=ada) for task in tasks[:20]),
        *(client.send("DELETE", task_path(task), who=ada) for task in tasks[15:25]),
    )
    async with database.unit_of_work(ada.tenant_id) as work:
        await work.execute("select fold_task_counts($1)", project["id"])
        left = await work.rows("select status, count from task_counts order by status")

    assert left == [{"status": "done", "count": 15}, {"status": "todo", "count": 15}]
