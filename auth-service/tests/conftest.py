"""Fixtures of auth-service's tests: the service over a real socket, on a database of each test's own."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from sanic import Sanic

from auth_service.app import create_app
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.messaging.memory import MemoryBus
from shared.testing.postgres import FreshDatabase

sys.path.insert(0, str(Path(__file__).parent))

from auth_builders import auth_settings
from auth_client import AuthClient, RunAuth
from auth_fakes import SettableClock
from mail_server import MailServer, serving_mail

from shared.http.server import Served, serving


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def config(fresh_database: FreshDatabase) -> DatabaseConfig:
    return fresh_database("auth")


@pytest.fixture
async def databases(config: DatabaseConfig) -> AsyncIterator[list[Database]]:
    """Two processes' worth of pools to one database."""
    other = config._replace(name="auth_of_another_replica", models=())
    async with open_databases(config, other) as opened:
        yield list(opened.values())


@pytest.fixture
def database(databases: list[Database]) -> Database:
    return databases[0]


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    bus = MemoryBus()
    await bus.start()
    yield bus
    await bus.close()


@pytest.fixture
def run_auth(bus: MemoryBus, clock: SettableClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunAuth:
    """Runs one replica."""
    monkeypatch.setattr(Sanic, "test_mode", True)  # lets one process hold several apps of one name

    @asynccontextmanager
    async def run(database: Database, **changes: Any) -> AsyncIterator[AuthClient]:
        app = create_app(
            auth_settings(**({"tessera_home": str(tmp_path)} | changes)), database=database, bus=bus, clock=clock
        )
        port = _free_port()

        async def prove(identity: str) -> None:
            async with database.system_work() as work:
                await work.execute("update users set email_verified = true where email_identity = $1", identity)

        async with serving([Served(app, "127.0.0.1", port)]), ClientSession() as session:
            yield AuthClient(f"http://127.0.0.1:{port}", session, clock, prove, app.ctx.jobs.wake)

    return run


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    async with serving_mail(asyncio.get_running_loop()) as server:
        yield server


@pytest.fixture
async def auth_with_mail(run_auth: RunAuth, database: Database, mail: MailServer) -> AsyncIterator[AuthClient]:
    async with run_auth(database, smtp_url=mail.url) as client:
        yield client


@pytest.fixture
async def auth(run_auth: RunAuth, database: Database) -> AsyncIterator[AuthClient]:
    async with run_auth(database) as client:
        yield client


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
