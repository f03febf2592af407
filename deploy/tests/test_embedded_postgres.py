"""The embedded PostgreSQL: it starts anywhere, forgets nothing, and leaves nothing running."""

import asyncio
import os
import pwd
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_binaries import find_binaries
from deploy.embedded.postgres_home import remove_data
from deploy.embedded.server_account import Account, can_enter, server_account
from deploy.supervision.errors import AlreadyRunning, FolderUnusable, PortInUse
from deploy.supervision.proc_table import is_alive
from deploy.tests.owners import eventually, owner, parent_of, processes_of, started_pid

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")


async def run(server: EmbeddedPostgres, statement: str) -> object:
    connection = await asyncpg.connect(server.admin_url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def write_note(server: EmbeddedPostgres) -> None:
    await run(server, "create table note as select 'kept' as words")


async def read_note(server: EmbeddedPostgres) -> object:
    return await run(server, "select words from note")


async def test_it_serves_on_loopback_with_a_password(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        assert await run(server, "show fsync") == "on"
        assert await run(server, "show listen_addresses") == "127.0.0.1"
        assert await run(server, "show unix_socket_directories") == ""
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(f"postgresql://postgres:wrong@127.0.0.1:{server.port}/postgres")


async def test_the_password_is_readable_by_its_owner_only(folder: Path) -> None:
    async with EmbeddedPostgres(folder):
        mode = (folder / "postgres.password").stat().st_mode

    assert stat.S_IMODE(mode) == 0o600


async def test_a_stop_leaves_no_process(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        pid = server.pid

    assert not is_alive(pid)
    assert processes_of(folder) == []


async def test_a_restart_keeps_data_port_and_password(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        await write_note(server)
        url = server.admin_url

        await server.restart()

        assert server.admin_url == url
        assert await read_note(server) == "kept"


async def test_a_new_supervisor_finds_the_data_in_less_than_a_second(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as first:
        await write_note(first)

    began = time.monotonic()
    async with EmbeddedPostgres(folder) as second:
        took = time.monotonic() - began
        assert await read_note(second) == "kept"

    assert took < 1.0


async def test_a_killed_server_recovers_at_the_next_start(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    await server.start()
    await write_note(server)

    await server.kill()
    await server.start()

    assert await read_note(server) == "kept"
    await server.stop()


async def test_a_server_killed_from_outside_is_noticed_and_can_be_started_again(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    await server.start()
    await write_note(server)

    os.kill(server.pid, signal.SIGKILL)
    assert await server.wait() == -signal.SIGKILL
    await server.start()

    assert await read_note(server) == "kept"
    await server.stop()


@pytest.mark.parametrize("death", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_the_death_of_the_owner_ends_the_server(folder: Path, death: signal.Signals) -> None:
    async with owner(EmbeddedPostgres, folder) as process:
        pid = await started_pid(process)
        process.send_signal(death)
        await process.wait()

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


async def test_a_port_in_use_is_named_together_with_its_setting(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortInUse, match=f"port {port} .* TESSERA_POSTGRES_PORT"):
            await EmbeddedPostgres(folder, port=port).start()

    async with EmbeddedPostgres(folder, port=port) as server:
        assert server.port == port


async def test_an_interrupted_initialisation_is_redone(folder: Path) -> None:
    def has_begun() -> bool:
        return any(folder.glob("initdb-*/data/PG_VERSION"))

    async with owner(EmbeddedPostgres, folder) as process:
        await eventually(has_begun)
        process.kill()
        await process.wait()

    async with EmbeddedPostgres(folder) as server:
        assert await run(server, "select 1") == 1
    assert not has_begun()


async def test_a_half_made_cluster_is_set_aside(folder: Path) -> None:
    (folder / "pgdata").mkdir(parents=True)
    folder.chmod(0o711)
    (folder / "pgdata" / "PG_VERSION").write_text("18\n")

    async with EmbeddedPostgres(folder) as server:
        assert await run(server, "select 1") == 1

    assert [path.name for path in folder.glob("pgdata.unfinished-*/*")] == ["PG_VERSION"]


async def test_a_cluster_of_another_version_is_left_alone(folder: Path) -> None:
    async with EmbeddedPostgres(folder):
        pass
    (folder / "pgdata" / "PG_VERSION").write_text("17\n")

    with pytest.raises(FolderUnusable, match="was made by PostgreSQL 17"):
        await EmbeddedPostgres(folder).start()


async def test_a_cluster_without_its_password_says_what_to_do(folder: Path) -> None:
    async with EmbeddedPostgres(folder):
        pass
    (folder / "postgres.password").unlink()

    with pytest.raises(FolderUnusable, match=r"postgres\.password is missing"):
        await EmbeddedPostgres(folder).start()


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


@as_root
async def test_as_root_the_server_runs_as_somebody_else(folder: Path) -> None:
    async with EmbeddedPostgres(folder) as server:
        owner_of_server = Path(f"/proc/{server.pid}").stat().st_uid

    assert owner_of_server == pwd.getpwnam("nobody").pw_uid


@as_root
async def test_as_root_a_closed_folder_gets_its_data_elsewhere_and_keeps_them(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o700)
    async with EmbeddedPostgres(folder) as first:
        await write_note(first)
    elsewhere = (folder / "pgdata").readlink()

    async with EmbeddedPostgres(folder) as second:
        assert await read_note(second) == "kept"

    remove_data(folder)
    assert not elsewhere.parent.exists()


@as_root
async def test_a_copied_folder_does_not_get_at_the_data_in_use(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o700)
    async with EmbeddedPostgres(folder):
        copy = folder.with_name("copy")
        copy.mkdir()
        (copy / "pgdata").symlink_to((folder / "pgdata").readlink())
        (copy / "postgres.password").write_text((folder / "postgres.password").read_text())

        with pytest.raises(AlreadyRunning):
            await EmbeddedPostgres(copy).start()


@as_root
async def test_an_ordinary_user_needs_no_root(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid)
    folder.mkdir()
    os.chown(folder, account.uid, account.gid)

    python = sys.executable if can_enter(account, Path(sys.executable).resolve().parent) else "/usr/bin/python3"
    packages = str(find_binaries(None).parents[2])
    async with owner(EmbeddedPostgres, folder, user=account.uid, python=python, path=packages) as process:
        pid = await started_pid(process)
        process.terminate()
        await process.wait()

    assert not is_alive(pid)
    assert (folder / "pgdata").stat().st_uid == account.uid
