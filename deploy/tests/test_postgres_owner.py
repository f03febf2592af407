"""Who owns a PostgreSQL folder: one process at a time, whose death ends the server, however it dies."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_binaries import find_binaries
from deploy.embedded.server_account import server_account
from deploy.supervision.errors import AlreadyRunning
from deploy.supervision.proc_table import is_alive
from deploy.tests.notes import read_note, run, write_note
from deploy.tests.owners import DEADLINE_SECONDS, eventually, owner, parent_of, processes_of, started_pid


@pytest.mark.parametrize("death", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_the_death_of_the_owner_ends_the_server(folder: Path, death: signal.Signals) -> None:
    async with owner(EmbeddedPostgres, folder) as process:
        pid = await started_pid(process)
        process.send_signal(death)
        await asyncio.wait_for(process.wait(), DEADLINE_SECONDS)

        await eventually(lambda: not is_alive(pid) and processes_of(folder) == [])


async def test_the_death_of_the_guard_ends_the_server(folder: Path) -> None:
    async with owner(EmbeddedPostgres, folder) as process:
        pid = await started_pid(process)
        os.kill(parent_of(pid), signal.SIGKILL)

        await eventually(lambda: not is_alive(pid) and processes_of(folder) == [])


async def test_a_start_right_after_the_owner_was_killed_waits_for_the_clean_up(folder: Path) -> None:
    async with owner(EmbeddedPostgres, folder) as process:
        await started_pid(process)
        process.kill()
        await process.wait()

    async with EmbeddedPostgres(folder) as server:
        assert await run(server, "select 1") == 1


async def test_a_second_start_names_the_process_that_owns_the_folder(folder: Path) -> None:
    async with owner(EmbeddedPostgres, folder) as process:
        pid = await started_pid(process)

        with pytest.raises(AlreadyRunning, match=f"{folder} is in use by the running process {process.pid}"):
            await EmbeddedPostgres(folder).start()

        assert is_alive(pid)


async def test_a_second_start_in_the_same_process_is_refused_too(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        with pytest.raises(AlreadyRunning):
            await server.start()
        with pytest.raises(AlreadyRunning):
            await EmbeddedPostgres(folder).start()

        assert await run(server, "select 1") == 1


@pytest.fixture
def bystander(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's account that has nothing to do with the server."""
    account = server_account(folder / "pgdata", folder)
    process = subprocess.Popen(["sleep", "600"], user=account.uid if account else None)
    yield process
    process.kill()
    process.wait()


async def test_a_stale_pid_file_that_names_an_innocent_process_harms_nobody(
    folder: Path, bystander: subprocess.Popen[bytes]
) -> None:
    server = EmbeddedPostgres(folder)
    await server.start()
    await server.kill()
    pid_file = folder / "pgdata" / "postmaster.pid"
    _, *rest = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(bystander.pid), *rest]))

    await server.start()

    assert await run(server, "select 1") == 1
    assert bystander.poll() is None
    await server.stop()


@pytest.fixture
async def orphan(folder: Path) -> asyncio.subprocess.Process:
    """A server on the folder's data that no supervisor knows of."""
    async with EmbeddedPostgres(folder) as server:
        await write_note(server)
        port = server.port
    data = folder / "pgdata"
    account = server_account(data, folder)
    process = await asyncio.create_subprocess_exec(
        *[str(find_binaries(account) / "postgres"), "-D", str(data)],
        *["-p", str(port), "-c", "unix_socket_directories="],
        cwd="/",
        stderr=asyncio.subprocess.DEVNULL,
        user=account.uid if account else None,
    )
    await eventually(lambda: any("ready" in file.read_text() for file in data.glob("postmaster.pid")))
    return process


async def test_an_orphaned_server_is_stopped_before_the_start(folder: Path, orphan: asyncio.subprocess.Process) -> None:
    async with EmbeddedPostgres(folder) as server:
        assert await orphan.wait() == 0
        assert await read_note(server) == "kept"
