"""What a search costs in tenants of 1,000 to 100,000 tasks, on one PostgreSQL with other tenants beside them.

python -m deploy.bench.search [--requests 100]
"""

# ruff: noqa: S608 - made of constants

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import asyncpg
import uvloop

from deploy.console import say
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from project_service.search.schemas import AnyKindQuery
from project_service.search.service import SearchService
from shared.db.bootstrap import RolePasswords, prepare_database
from shared.db.databases import DatabaseConfig, open_databases
from shared.db.migrate import migrate, model_modules
from shared.ids import new_id
from shared.principal import Principal, Role

SIZES = (1_000, 10_000, 100_000)
OTHER_TENANTS, TASKS_OF_OTHERS = 17, 2_000
PROJECTS = 10
QUERIES = {
    "a word of 1 task in 500": "w0007",
    "a word of 1 task in 10": "tenth",
    "a word of every other task": "common",
    "a frequent and a rare word": "common w0007",
    "a beginning, of 1 task in 50": "w000",
    "a misspelled rare word": "glacierr",
    "words that no task has": "nothing here",
}
_IDS = "(lpad(to_hex(n), 12, '0') || right(replace(gen_random_uuid()::text, '-', ''), 20))::uuid"
"""They grow with time, as the product's do."""
_PROJECTS = """
insert into projects (id, tenant_id, name, owner_id, visibility, created_at, updated_at)
select unnest($1::uuid[]), $2, 'Bench', $2, 'private', now(), now()
"""
_TASKS = f"""
insert into tasks (id, tenant_id, project_id, title, description, status, priority, position, created_by,
                   created_at, updated_at)
select {_IDS}, $1, ($2::uuid[])[1 + n % {PROJECTS}],
       concat_ws(' ', 'Task', 'w' || lpad((n % 500)::text, 4, '0'), case when n % 500 = 9 then 'glacier' end),
       concat_ws(' ', case when n % 2 = 0 then 'common' end, case when n % 10 = 3 then 'tenth' end,
                 'with a few words more, so that there is something to choose a snippet from'),
       'todo', 'normal', n, $1, now(), now()
from generate_series(1, $3::int) as n
"""
_INDEXES_ONLY = "set enable_seqscan = off; set enable_indexscan = off"
_PLAN = """
explain (analyze, costs off, timing off) select * from search_documents
where tenant_id = $1 and keys @@ quote_literal(search_key_prefix($1) || $2)::tsquery limit 1001
"""


async def _fill(admin: asyncpg.Connection, size: int) -> Principal:
    owner, projects = new_id(), [new_id() for _ in range(PROJECTS)]
    await admin.execute(_PROJECTS, projects, owner)
    await admin.execute(_TASKS, owner, projects, size)
    return Principal(user_id=owner, tenant_id=owner, session_id=new_id(), role=Role.OWNER)


async def _milliseconds(found: SearchService, who: Principal, q: str) -> float:
    began = time.perf_counter()
    await found.find_all(who, AnyKindQuery(q=q))
    return 1000 * (time.perf_counter() - began)


async def _compare(found: SearchService, tenants: dict[int, Principal], requests: int) -> None:
    say(f"  {'p50 / p99 in ms, by tasks of the tenant':<40}" + "".join(f"{size:>17,}" for size in SIZES) + "   ratio")
    for name, q in QUERIES.items():
        taken: dict[int, list[float]] = {size: [] for size in SIZES}
        for number in range(requests + 5):
            for size, who in tenants.items():  # by turns, so that whatever else the machine does falls on all
                milliseconds = await _milliseconds(found, who, q)
                if number >= 5:
                    taken[size].append(milliseconds)
        medians = [statistics.median(taken[size]) for size in SIZES]
        slowest = [sorted(taken[size])[int(requests * 0.99)] for size in SIZES]
        cells = "".join(f"{p50:>8.1f} /{p99:>7.1f}" for p50, p99 in zip(medians, slowest, strict=True))
        say(f"  {name:<40}{cells}   {medians[-1] / medians[0]:5.2f}")


async def _print_plan(owner_url: str, who: Principal) -> None:
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(_INDEXES_ONLY)
        rows = await connection.fetch(_PLAN, who.tenant_id, "w0007")
    finally:
        await connection.close()
    say(f"  plan of a word of 1 task in 500, among {SIZES[-1]:,} tasks:")
    for row in rows:
        say(f"    {row[0][:150]}")


async def measure(folder: Path, requests: int) -> None:
    say(describe_machine())
    async with EmbeddedPostgres(folder / "postgres") as postgres:
        urls = await prepare_database(postgres.admin_url, "project", RolePasswords("o", "p", "s"))
        await migrate("project", urls.owner)
        admin = await asyncpg.connect(postgres.admin_url.rpartition("/")[0] + "/project")
        began = time.perf_counter()
        tenants = {size: await _fill(admin, size) for size in SIZES}
        for _ in range(OTHER_TENANTS):
            await _fill(admin, TASKS_OF_OTHERS)
        written = sum(SIZES) + OTHER_TENANTS * TASKS_OF_OTHERS
        say(f"  {written:,} tasks written and indexed, {1000 * (time.perf_counter() - began) / written:.2f} ms each")
        await admin.execute("vacuum analyze")
        await admin.close()
        config = DatabaseConfig("project", urls.app, urls.system, model_modules("project"))
        async with open_databases(config) as databases:
            await _compare(SearchService(databases["project"]), tenants, requests)
        await _print_plan(urls.owner, tenants[SIZES[-1]])


async def _run(requests: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
        await measure(Path(folder), requests)
        await asyncio.to_thread(remove_data, Path(folder) / "postgres")


def main() -> None:
    parser = argparse.ArgumentParser(description="Whether search takes the same time in small and large tenants.")
    parser.add_argument("--requests", type=int, default=100, help="of each kind and size")
    uvloop.run(_run(parser.parse_args().requests))


if __name__ == "__main__":
    main()
