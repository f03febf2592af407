"""What tasks cost in a project of 50,000 of them: lists, deep pages, and creations with their events.

`python -m deploy.bench.tasks` starts its own PostgreSQL, project-service as one process, and beside it a hand-written
Sanic and asyncpg endpoint that runs the very statement of the service's list; both are measured by turns. Needs wrk.
"""

import asyncio
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast
from uuid import UUID

import aiohttp
import asyncpg
import msgspec

from deploy.console import say
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.supervision.ports import free_port
from project_service.tasks.schemas import TaskQuery
from project_service.tasks.service import TaskService
from shared.clock import SystemClock
from shared.db.bootstrap import RolePasswords, prepare_database
from shared.db.databases import Database, open_databases
from shared.db.migrate import migrate
from shared.events.projects import TaskStatus
from shared.identity import HEADER, mint_identity
from shared.ids import new_id
from shared.principal import Principal, Role

_SECRET = "only for this measurement, thrown away after it"  # noqa: S105
_TASKS = 50_000
_PROJECTS = 16
_DEEP_PAGE = 1_000
_PAIRS = 200
_ROUNDS = 3
_SECONDS = 3
_START_SECONDS = 20.0
_QUERY = TaskQuery(status=TaskStatus.TODO, sort="-due_at")
_QUERY_TEXT = "status=todo&sort=-due_at"

_FILL = """
insert into tasks (id, tenant_id, project_id, title, status, priority, due_at, position, created_by,
                   created_at, updated_at)
select gen_random_uuid(), $1, $2, 'Task ' || n, (array['todo', 'in_progress', 'blocked', 'done'])[1 + n % 4],
       (array['low', 'normal', 'high', 'urgent'])[1 + n % 3], now() + n * interval '1 minute', n, $3, now(), now()
from generate_series(1, $4::int) as n
"""
_PROJECT = """
insert into projects (id, tenant_id, name, owner_id, visibility, created_at, updated_at)
values ($1, $2, 'Bench', $3, 'private', now(), now())
"""
_POST = """
local paths, at = {%s}, 0
request = function()
  at = at %% #paths + 1
  return wrk.format("POST", paths[at], {["%s"] = "%s", ["Content-Type"] = "application/json"}, '{"title": "Fly"}')
end
"""


class Stage(NamedTuple):
    """Told to the measured processes through the environment, as JSON."""

    database_url: str
    tenant_id: UUID
    owner_id: UUID
    projects: list[UUID]

    @property
    def principal(self) -> Principal:
        return Principal(user_id=self.owner_id, tenant_id=self.tenant_id, session_id=new_id(), role=Role.OWNER)

    def path(self, project: int = 0) -> str:
        return f"/api/v1/projects/{self.projects[project]}/tasks"

    def identity(self) -> str:
        """Good for a minute."""
        return mint_identity(self.principal, "project", _SECRET, datetime.now(UTC))


def main() -> None:
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed: this measurement needs it")
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
        asyncio.run(measure(Path(folder)))
        remove_data(Path(folder) / "postgres")


async def measure(folder: Path) -> None:
    say(describe_machine())
    async with EmbeddedPostgres(folder / "postgres") as postgres:
        stage = await _fill(postgres.admin_url)
        async with _process("serve", stage) as service, _process("reference", stage) as reference:
            await _print_list(stage, service, reference)
            await _print_depth(stage, service)
            await _print_creations(stage, service, folder)


async def _fill(admin_url: str) -> Stage:
    urls = await prepare_database(admin_url, "project", RolePasswords("o", "p", "p"))
    await migrate("project", urls.owner)
    stage = Stage(urls.app, new_id(), new_id(), [new_id() for _ in range(1 + _PROJECTS)])
    admin = await asyncpg.connect(admin_url.rpartition("/")[0] + "/project")
    for project in stage.projects:
        await admin.execute(_PROJECT, project, stage.tenant_id, stage.owner_id)
    await admin.execute(_FILL, stage.tenant_id, stage.projects[0], stage.owner_id, _TASKS)
    await admin.execute("vacuum analyze")
    await admin.close()
    return stage


async def _print_list(stage: Stage, service: int, reference: int) -> None:
    rates: dict[int, list[float]] = {reference: [], service: []}
    for _ in range(_ROUNDS):
        for port, found in rates.items():
            found.append(await _wrk(f"http://127.0.0.1:{port}{stage.path()}?{_QUERY_TEXT}", stage.identity()))
    by_hand, served = (statistics.median(found) for found in rates.values())
    say(f"list of 20 of {_TASKS} tasks, filtered and sorted, 16 connections, median of {_ROUNDS}:")
    say(f"  Sanic and asyncpg by hand {by_hand:7.0f}/s")
    say(f"  project-service           {served:7.0f}/s   ratio {served / by_hand:.2f}, goal 0.6")


async def _print_depth(stage: Stage, service: int) -> None:
    headers = {HEADER: stage.identity()}
    async with aiohttp.ClientSession(f"http://127.0.0.1:{service}", headers=headers) as session:

        async def page(query: str) -> Any:
            async with session.get(f"{stage.path()}?include_total=false&{query}") as response:
                return msgspec.json.decode(await response.read())

        cursor = (await page(f"page={_DEEP_PAGE - 1}"))["next_cursor"]
        pages = {"page=1": list[float](), f"cursor={cursor}": list[float]()}
        for _ in range(_PAIRS):
            for query, taken in pages.items():
                began = time.perf_counter()
                await page(query)
                taken.append(1000 * (time.perf_counter() - began))
    first, deep = (statistics.median(taken) for taken in pages.values())
    say(f"page {_DEEP_PAGE} by cursor {deep:.2f} ms, page 1 {first:.2f} ms: ratio {deep / first:.2f}, goal 1.2")


async def _print_creations(stage: Stage, service: int, folder: Path) -> None:
    for count in (1, _PROJECTS):
        paths = ", ".join(f'"{stage.path(1 + number)}"' for number in range(count))
        script = folder / "post.lua"
        rates = []
        for _ in range(_ROUNDS):
            script.write_text(_POST % (paths, HEADER, stage.identity()))
            rates.append(await _wrk(f"http://127.0.0.1:{service}", script=script))
        say(f"creations with their events, {count:2} projects: {statistics.median(rates):6.0f}/s, goal 1000")


async def _wrk(url: str, identity: str = "", script: Path | None = None) -> float:
    more = ["-s", str(script)] if script else ["-H", f"{HEADER}: {identity}"]
    process = await asyncio.create_subprocess_exec(
        "wrk", "-t1", "-c16", f"-d{_SECONDS}", *more, url, stdout=subprocess.PIPE
    )
    output, _ = await process.communicate()
    rate = re.search(rb"Requests/sec:\s+([\d.]+)", output)
    if rate is None or b"Non-2xx" in output:
        sys.exit(f"not all answers were right: {output.decode()}")
    return float(rate[1])


@asynccontextmanager
async def _process(role: str, stage: Stage) -> AsyncIterator[int]:
    """A process that answers lists of tasks; its port."""
    port = free_port()
    environment = {
        **os.environ,
        "BENCH_STAGE": msgspec.json.encode(stage).decode(),
        "INTERNAL_SECRET": _SECRET,
        "KEY_ENCRYPTION_SECRET": _SECRET,
        "DATABASE_URL_PROJECT": stage.database_url,
        "OBJECT_STORE_URL": "memory://",
        "PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "deploy.bench.tasks", role, env=environment)
    try:
        await _until_answering(f"http://127.0.0.1:{port}{stage.path()}?{_QUERY_TEXT}", stage.identity())
        yield port
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 15)


async def _until_answering(url: str, identity: str) -> None:
    async with asyncio.timeout(_START_SECONDS), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(url, headers={HEADER: identity}) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.05)


async def serve() -> None:
    """The service as in production, with a bus within the process."""
    from project_service.app import create_app
    from project_service.settings import ProjectSettings, database_config
    from shared.http.server import Served, serving, until_stopped
    from shared.messaging.memory import MemoryBus
    from shared.settings import read_settings

    settings = read_settings(ProjectSettings, os.environ)
    bus = MemoryBus()
    await bus.start()
    async with open_databases(database_config(settings)) as databases:
        app = create_app(settings, database=databases["project"], bus=bus)
        async with serving([Served(app, settings.host, settings.port)]):
            await until_stopped()
    await bus.close()


async def reference() -> None:
    """The least that answers the same: one route, one pool, the statement as it is."""
    from sanic import Request
    from sanic.response import HTTPResponse, raw

    from shared.http.app import new_app
    from shared.http.server import Served, serving, until_stopped

    stage = msgspec.json.decode(os.environ["BENCH_STAGE"], type=Stage)
    sql, arguments = await _statement(stage)
    pool = await asyncpg.create_pool(stage.database_url, min_size=10, max_size=10)
    app, encode = new_app("reference"), msgspec.json.Encoder().encode

    async def answer(_request: Request[Any, Any], _project: str) -> HTTPResponse:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("select set_config('app.tenant_id', $1, true)", str(stage.tenant_id))
            rows = await connection.fetch(sql, *arguments)
        return raw(encode({"items": [dict(row) for row in rows]}), content_type="application/json")

    app.add_route(answer, "/api/v1/projects/<_project:str>/tasks", name="answer")
    async with serving([Served(app, "127.0.0.1", int(os.environ["PORT"]))]):
        await until_stopped()
    await pool.close()


async def _statement(stage: Stage) -> tuple[str, tuple[Any, ...]]:
    """What the service asks for the list, overheard. Raises AssertionError where that is more than one statement."""
    from project_service.settings import ProjectSettings, database_config
    from shared.settings import read_settings

    heard: list[tuple[str, tuple[Any, ...]]] = []

    class Overheard:
        def __init__(self, database: Database) -> None:
            self._database = database

        @asynccontextmanager
        async def unit_of_work(self, tenant_id: UUID) -> AsyncIterator[Any]:
            async with self._database.unit_of_work(tenant_id) as work:
                asked = work.rows

                async def rows(sql: str, *arguments: Any) -> list[dict[str, Any]]:
                    heard.append((sql, arguments))
                    return await asked(sql, *arguments)

                work.rows = rows  # type: ignore[method-assign]
                yield work

    async with open_databases(database_config(read_settings(ProjectSettings, os.environ))) as databases:
        tasks = TaskService(cast(Database, Overheard(databases["project"])), SystemClock())
        await tasks.find(stage.principal, stage.projects[0], _QUERY)
    assert len(heard) == 1
    return heard[0]


if __name__ == "__main__":
    if sys.argv[1:] in (["serve"], ["reference"]):
        import uvloop

        from shared.telemetry.logs import configure_logging

        configure_logging("error")
        uvloop.run(serve() if sys.argv[1] == "serve" else reference())
    else:
        main()
