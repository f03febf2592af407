"""Fixtures of conversation-service's tests: the service over a real socket, on a database of each test's own."""

import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from conversation_service.app import create_app
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.http.server import Served, serving
from shared.messaging.memory import MemoryBus
from shared.testing.postgres import (  # noqa: F401 - fixtures
    FreshDatabase,
    fresh_database,
    fresh_urls,
    postgres_admin_url,
    postgres_server,
)

sys.path.insert(0, str(Path(__file__).parent))

from conversation_builders import conversation_settings
from conversation_client import ConversationClient


@pytest.fixture
def config(fresh_database: FreshDatabase) -> DatabaseConfig:  # noqa: F811 - a fixture asks by name
    return fresh_database("conversation")


@pytest.fixture
async def database(config: DatabaseConfig) -> AsyncIterator[Database]:
    async with open_databases(config) as opened:
        yield opened["conversation"]


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    bus = MemoryBus()
    await bus.start()
    yield bus
    await bus.close()


@pytest.fixture
async def client(database: Database, bus: MemoryBus) -> AsyncIterator[ConversationClient]:
    app = create_app(conversation_settings(), database=database, bus=bus)
    port = _free_port()
    async with serving([Served(app, "127.0.0.1", port)]), ClientSession() as session:
        yield ConversationClient(f"http://127.0.0.1:{port}", session, database)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
