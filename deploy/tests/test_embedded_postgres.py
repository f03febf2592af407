"""The embedded PostgreSQL: it serves, stops, and comes back with everything it was told."""

import os
import signal
import socket
import stat
import time
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from deploy.supervision.errors import PortInUse
from deploy.supervision.proc_table import is_alive
from deploy.tests.notes import read_note, run, write_note
from deploy.tests.owners import processes_of


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


async def test_a_port_in_use_is_named_together_with_its_setting(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortInUse, match=f"port {port} .* TESSERA_POSTGRES_PORT"):
            await EmbeddedPostgres(folder, port=port).start()

    async with EmbeddedPostgres(folder, port=port) as server:
        assert server.port == port
