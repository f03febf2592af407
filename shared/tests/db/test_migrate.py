"""Migrations: any number of processes may start them at once, each file is applied once."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from shared.db.bootstrap import DatabaseUrls, RolePasswords, prepare_database, role_url
from shared.db.migrate import LEDGER, DuplicateNumber, migrate, owner_url_from
from shared.testing.eventually import eventually
from shared.testing.postgres import PostgresServer

SAMPLES = Path(__file__).parent


@pytest.fixture
async def empty(postgres_server: PostgresServer) -> AsyncIterator[DatabaseUrls]:
    name, urls = await postgres_server.empty("sample")
    yield urls
    await postgres_server.drop(name)


async def test_four_processes_at_once_apply_every_migration_once(empty: DatabaseUrls) -> None:
    async with _all_held_back(empty.owner, processes=4):
        processes = asyncio.gather(*(_run_process(empty.owner) for _ in range(4)))
    outputs = await processes

    assert [code for code, _ in outputs] == [0, 0, 0, 0], outputs
    assert sorted(output for _, output in outputs) == [
        "0_init.py\n1_add_colour.py\n2_tenant_closures.py\n3_jobs.py\n",
        "nothing to apply\n",
        "nothing to apply\n",
        "nothing to apply\n",
    ]
    assert await _fetch(empty.owner, "select version from aerich order by id") == [
        "0_init.py",
        "1_add_colour.py",
        "2_tenant_closures.py",
        "3_jobs.py",
    ]


async def test_four_processes_at_once_on_the_schema_before(empty: DatabaseUrls, tmp_path: Path) -> None:
    older = _copy_of_samples(tmp_path)
    for name in ("1_add_colour.py", "2_tenant_closures.py", "3_jobs.py"):
        (older / name).unlink()
    assert (await _run_process(empty.owner, tmp_path))[0] == 0

    outputs = await asyncio.gather(*(_run_process(empty.owner) for _ in range(4)))

    assert [code for code, _ in outputs] == [0, 0, 0, 0], outputs
    assert sorted(output for _, output in outputs)[0] == "1_add_colour.py\n2_tenant_closures.py\n3_jobs.py\n"


async def test_two_files_with_one_number_are_refused(empty: DatabaseUrls, tmp_path: Path) -> None:
    folder = _copy_of_samples(tmp_path)
    shutil.copy(folder / "1_add_colour.py", folder / "01_add_shape.py")

    code, output = await _run_process(empty.owner, tmp_path)

    assert code != 0
    assert DuplicateNumber.__name__ in output
    assert await _fetch(empty.owner, "select tablename from pg_tables where schemaname = 'public'") == []


async def test_a_failing_migration_leaves_nothing_behind(empty: DatabaseUrls, tmp_path: Path) -> None:
    folder = _copy_of_samples(tmp_path)
    text = (folder / "1_add_colour.py").read_text()
    (folder / "1_add_colour.py").write_text(text.replace("colour text", "colour text; select 1 / 0"))

    code, _ = await _run_process(empty.owner, tmp_path)

    assert code != 0
    assert await _fetch(empty.owner, "select version from aerich") == ["0_init.py"]
    assert await migrate("sample", empty.owner) == ["1_add_colour.py", "2_tenant_closures.py", "3_jobs.py"]


async def test_the_epoch_of_the_event_log_is_made_once(empty: DatabaseUrls) -> None:
    await migrate("sample", empty.owner)
    [epoch] = await _fetch(empty.owner, "select epoch from event_log_epoch where length(epoch) = 12")

    await migrate("sample", empty.owner)

    assert await _fetch(empty.owner, "select epoch from event_log_epoch") == [epoch]


async def test_preparing_a_database_four_times_at_once(
    postgres_admin_url: str, postgres_server: PostgresServer
) -> None:
    name = f"race_{os.getpid()}"
    passwords = RolePasswords("o'wner", "a/p:p@", "s%stem")
    try:
        results = await asyncio.gather(*(prepare_database(postgres_admin_url, name, passwords) for _ in range(4)))

        assert len(set(results)) == 1
        for role, url in results[0]._asdict().items():
            assert await _fetch(url, "select current_user::text") == [f"{name}_{role}"]
    finally:
        await postgres_server.drop(name)


async def test_a_role_of_one_database_cannot_enter_another(
    empty: DatabaseUrls, postgres_server: PostgresServer
) -> None:
    name, _ = await postgres_server.empty("sample")
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _fetch(empty.app.rpartition("/")[0] + f"/{name}", "select 1")
    finally:
        await postgres_server.drop(name)


def test_the_owner_address_is_named_or_derived() -> None:
    derived = owner_url_from("sample", {"DATABASE_URL_SAMPLE": "postgres://x_app:p%40ss@db:5432/x?ssl=require"})
    named = owner_url_from("sample", {"DATABASE_URL_SAMPLE_OWNER": "postgres://o@db/x", "DATABASE_URL_SAMPLE": "no"})

    assert derived == "postgres://x_owner:p%40ss@db:5432/x?ssl=require"
    assert named == "postgres://o@db/x"
    assert role_url("postgres://x_app:p@db/x", "system") == "postgres://x_system:p@db/x"
    with pytest.raises(KeyError, match="DATABASE_URL_SAMPLE_OWNER"):
        owner_url_from("sample", {})


@asynccontextmanager
async def _all_held_back(owner_url: str, *, processes: int) -> AsyncIterator[None]:
    """Leaves the block when that many processes are connected and the first of them waits for the ledger: all others
    look for their turn then.
    """
    gate = await asyncpg.connect(owner_url)
    await gate.execute(LEDGER)
    await gate.execute("begin; lock table aerich")
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> all($1::int[])"
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    yield
    looker = await asyncpg.connect(owner_url)
    own = [gate.get_server_pid(), looker.get_server_pid()]

    async def all_are_there() -> bool:
        is_first_waiting = await looker.fetchval(waiting) == 1
        return is_first_waiting and await looker.fetchval(others, own) == processes + 1

    try:
        await eventually(all_are_there, within=20)
    finally:
        await looker.close()
        await gate.close()


def _copy_of_samples(target: Path) -> Path:
    shutil.copytree(SAMPLES / "sample_service", target / "sample_service")
    return target / "sample_service" / "migrations" / "models"


async def _run_process(owner_url: str, samples: Path = SAMPLES) -> tuple[int | None, str]:
    path = os.pathsep.join((str(samples), *sys.path))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "shared.db.migrate", "sample"),
        env={**os.environ, "PYTHONPATH": path, "DATABASE_URL_SAMPLE_OWNER": owner_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


async def _fetch(url: str, sql: str) -> list[object]:
    connection = await asyncpg.connect(url)
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()
