"""Which index serves which list of tasks, for the role that row-level security binds."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast
from uuid import UUID

import pytest
from project_builders import person
from project_client import ProjectClient

from project_service.tasks.schemas import TaskQuery
from project_service.tasks.service import TaskService
from shared.clock import SystemClock
from shared.db.databases import Database
from shared.events.projects import TaskStatus
from shared.ids import new_id
from shared.pagination import encode_cursor

_PREPARE = ("set local enable_seqscan = off", "set local enable_sort = off")
"""The tables of a test are too small, and too young to have statistics, for an index to pay by itself."""

_FILL = """
insert into tasks (id, tenant_id, project_id, title, status, priority, position, created_by, created_at, updated_at)
select gen_random_uuid(), $1, $2, n, 'todo', 'low', n, $1, now(), now() from generate_series(1, 2000) n
"""


class ExplainedDatabase:
    """Remembers the plan of every statement that answers rows."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.plan = ""

    @asynccontextmanager
    async def unit_of_work(self, tenant_id: UUID) -> AsyncIterator[Any]:
        async with self._database.unit_of_work(tenant_id) as work:
            for setting in _PREPARE:
                await work.execute(setting)
            asked = work.rows

            async def rows(sql: str, *arguments: object) -> list[dict[str, Any]]:
                plan = await asked(f"explain {sql}", *arguments)
                self.plan += "\n".join(line["QUERY PLAN"] for line in plan)
                return await asked(sql, *arguments)

            work.rows = rows  # type: ignore[method-assign]
            yield work


@pytest.mark.parametrize(
    ("query", "index"),
    [
        (TaskQuery(), "tasks_by_position"),
        (TaskQuery(cursor=encode_cursor("position", 1000.0, new_id())), "tasks_by_position"),
        (TaskQuery(sort="-due_at"), "tasks_by_due_date"),
        (TaskQuery(sort="title"), "tasks_by_title"),
        (TaskQuery(sort="-updated_at"), "tasks_by_update"),
        (TaskQuery(sort="priority"), "tasks_by_priority"),
        (TaskQuery(status=TaskStatus.DONE), "tasks_by_status"),
        (TaskQuery(assignee_id="me"), "tasks_by_assignee"),
        (TaskQuery(label=str(new_id())), "task_label_uses_by_label"),
        (TaskQuery(label="bug"), "task_label_once"),
    ],
)
async def test_an_index_serves_the_list(
    client: ProjectClient, database: Database, query: TaskQuery, index: str
) -> None:
    ada = person()
    project = UUID((await client.new_project(ada))["id"])
    async with database.unit_of_work(ada.tenant_id) as work:
        await work.execute(_FILL, ada.tenant_id, project)
    explained = ExplainedDatabase(database)

    await TaskService(cast(Database, explained), SystemClock()).find(ada, project, query)

    assert index in explained.plan
    assert "Seq Scan" not in explained.plan
