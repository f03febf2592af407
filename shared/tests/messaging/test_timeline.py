"""The epoch of the event log: another one after every way of restoring a database, and the same as long as none was."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sample_service.notes import NoteAdded

from deploy.embedded.postgres import THROWAWAY, EmbeddedPostgres
from deploy.embedded.postgres_binaries import find_binaries
from deploy.embedded.postgres_home import locate_home, remove_data
from shared.db.bootstrap import DatabaseUrls, RolePasswords, prepare_database
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.db.migrate import migrate
from shared.events.envelope import decode
from shared.ids import new_id
from shared.messaging.event_log import EventLog, Position
from shared.messaging.memory import MemoryBus
from shared.messaging.relay import Relay
from shared.testing.eventually import eventually

TENANT = new_id()
PASSWORDS = RolePasswords("one", "two", "three")
NOT_COMPARABLE = "positions of before the restore must not be comparable"


class Server:
    """A server of this test's own, with one database."""

    def __init__(self, postgres: EmbeddedPostgres, folder: Path) -> None:
        self.postgres = postgres
        self.home = locate_home(folder)
        self._programs = find_binaries(self.home.account)
        self.urls = DatabaseUrls("", "", "")

    async def prepare(self) -> None:
        self.urls = await prepare_database(self.postgres.admin_url, "sample", PASSWORDS)
        await migrate("sample", self.urls.owner)

    async def run(self, program: str, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(self._programs / program, *arguments)
        assert await process.wait() == 0

    def replace_data_by(self, copy: Path) -> None:
        """As an operator does: the server is stopped, the former data go."""
        shutil.rmtree(self.home.data)
        copy.rename(self.home.data)
        if self.home.account is not None:
            for path in (self.home.data, *self.home.data.rglob("*")):
                os.chown(path, self.home.account.uid, self.home.account.gid)

    async def position(self, database: str = "sample") -> Position:
        url, system = (url.removesuffix("sample") + database for url in self.urls[1:])
        async with open_databases(DatabaseConfig("sample", url, system)) as databases:
            return await EventLog(databases["sample"]).position(TENANT, "a")

    async def write(self, count: int) -> None:
        async with open_databases(DatabaseConfig("sample", self.urls.app, self.urls.system)) as databases:
            for _ in range(count):
                await write_one(databases["sample"])

    def admin_url(self, database: str) -> str:
        return self.postgres.admin_url.removesuffix("postgres") + database


async def write_one(database: Database) -> None:
    async with database.unit_of_work(TENANT) as work:
        work.publish(NoteAdded(note_id=new_id()), topics=["a"], subject="note")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    folder = tmp_path / "postgres"
    async with EmbeddedPostgres(folder, settings=THROWAWAY) as postgres:
        server = Server(postgres, folder)
        await server.prepare()
        yield server
    remove_data(folder)


async def test_a_service_that_comes_back_finds_the_epoch_as_it_was(server: Server) -> None:
    await server.write(2)
    before = await server.position()

    await server.write(1)

    assert await server.position() == (before.epoch, 3)


@pytest.mark.parametrize("is_killed", [False, True])
async def test_files_that_are_put_back_begin_another_epoch(server: Server, tmp_path: Path, is_killed: bool) -> None:
    await server.write(2)
    await server.postgres.stop()
    copy = server.home.folder / "copy"
    shutil.copytree(server.home.data, copy, symlinks=True)
    await server.postgres.start()
    await server.write(2)
    seen = await server.position()

    await (server.postgres.kill if is_killed else server.postgres.stop)()
    server.replace_data_by(copy)
    await server.postgres.start()
    await server.write(2)
    restored = await server.position()

    assert (seen.offset, restored.offset) == (4, 4), "the same offsets for other events"
    assert seen.epoch != restored.epoch, NOT_COMPARABLE


@pytest.mark.parametrize("is_recovered_from_archive", [False, True])
async def test_a_base_backup_begins_another_epoch(server: Server, is_recovered_from_archive: bool) -> None:
    await server.write(2)
    backup = server.home.folder / "backup"
    url = server.postgres.admin_url
    await server.run("pg_basebackup", "--pgdata", str(backup), "--checkpoint=fast", "--wal-method=fetch", "-d", url)
    await server.write(2)
    seen = await server.position()
    if is_recovered_from_archive:
        (backup / "recovery.signal").touch()
        with (backup / "postgresql.auto.conf").open("a") as settings:
            settings.write("restore_command = 'false'\n")

    await server.postgres.stop()
    server.replace_data_by(backup)
    await server.postgres.start()
    await server.write(2)
    restored = await server.position()

    assert (seen.offset, restored.offset) == (4, 4)
    assert seen.epoch != restored.epoch, NOT_COMPARABLE


@pytest.mark.parametrize("target", ["sample", "restored"])
async def test_a_dump_begins_another_epoch_wherever_it_is_restored(server: Server, tmp_path: Path, target: str) -> None:
    await server.write(2)
    dump = str(tmp_path / "dump")
    await server.run("pg_dump", "--format=custom", f"--file={dump}", server.admin_url("sample"))
    await server.write(2)
    seen = await server.position()

    if target != "sample":
        await server.run("psql", "-qc", f"create database {target} owner sample_owner", server.admin_url("postgres"))
    clean = ["--clean"] if target == "sample" else []
    await server.run("pg_restore", *clean, "--dbname", server.admin_url(target), dump)
    restored = await server.position(target)

    assert (seen.offset, restored.offset) == (4, 2)
    assert seen.epoch != restored.epoch, NOT_COMPARABLE


async def test_data_that_are_put_back_into_their_tables_begin_another_epoch(server: Server, tmp_path: Path) -> None:
    await server.write(2)
    dump = str(tmp_path / "dump")
    await server.run("pg_dump", "--format=custom", "--data-only", f"--file={dump}", server.admin_url("sample"))
    seen = await server.position()
    tables = "outbox, outbox_topics, topic_offsets, event_log_epoch, aerich"

    await server.run("psql", "-qc", f"truncate {tables}", server.admin_url("sample"))
    await server.run("pg_restore", "--dbname", server.admin_url("sample"), dump)
    restored = await server.position()

    assert seen.offset == restored.offset == 2
    assert seen.epoch != restored.epoch, NOT_COMPARABLE


async def test_an_operator_can_begin_another_epoch(server: Server) -> None:
    before = await server.position()

    await server.run("psql", "-qc", "update event_log_epoch set epoch = epoch", server.admin_url("sample"))

    assert (await server.position()).epoch != before.epoch


async def test_a_relay_that_lives_through_a_restore_sends_the_epoch_of_now(server: Server) -> None:
    bus, heard = MemoryBus(), []
    await bus.start()
    sent = bus.offer

    async def offer(messages):  # type: ignore[no-untyped-def]
        heard.extend(decode(message.body).topics[0].epoch for message in messages)
        return await sent(messages)

    bus.offer = offer  # type: ignore[method-assign]
    async with open_databases(DatabaseConfig("sample", server.urls.app, server.urls.system)) as databases:
        relay = asyncio.create_task(Relay(databases["sample"], bus, "sample").run())
        await write_one(databases["sample"])
        await eventually(lambda: len(heard) == 1)
        await server.run(
            "psql",
            "-qc",
            "create temp table kept as table event_log_epoch",
            "-c",
            "delete from event_log_epoch",
            "-c",
            "insert into event_log_epoch table kept",
            server.admin_url("sample"),
        )
        await write_one(databases["sample"])
        await eventually(lambda: len(heard) == 2)
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)

    assert heard[0] != heard[1]
    assert (await server.position()).epoch == heard[1]
