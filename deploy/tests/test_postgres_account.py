"""The account that the embedded PostgreSQL runs as."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.postgres_binaries import find_binaries
from deploy.embedded.postgres_home import remove_data
from deploy.embedded.server_account import Account, can_enter
from deploy.supervision.errors import AlreadyRunning
from deploy.supervision.proc_table import is_alive
from deploy.tests.notes import read_note, write_note
from deploy.tests.owners import REPOSITORY, owner, started_pid

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can change accounts")


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
    if not can_enter(account, REPOSITORY):
        pytest.skip(f"the account nobody cannot read {REPOSITORY}")
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
