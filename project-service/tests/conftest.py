"""Fixtures of project-service's tests: the service over a real socket, on a database of each test's own."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sanic import Sanic

from project_service.app import create_app
from shared.db.databases import Database, open_databases
from shared.messaging.memory import MemoryBus
from shared.testing.postgres import FreshDatabase
from shared.testing.service_client import session_with, started_bus

sys.path.insert(0, str(Path(__file__).parent))

from project_builders import project_settings
from project_client import ProjectClient
from project_replicas import TwoReplicas


@pytest.fixture
async def database(fresh_database: FreshDatabase) -> AsyncIterator[Database]:
    async with open_databases(fresh_database("project")) as opened:
        yield opened["project"]


@pytest.fixture
async def bus() -> AsyncIterator[MemoryBus]:
    async with started_bus() as bus:
        yield bus


@pytest.fixture
async def client(database: Database, bus: MemoryBus) -> AsyncIterator[ProjectClient]:
    async with session_with(create_app(project_settings(), database=database, bus=bus)) as session:
        yield ProjectClient(session, database)


@pytest.fixture
async def replicas(
    fresh_database: FreshDatabase, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[TwoReplicas]:
    """Patient ones: how long fifty wait for one another is not the subject here."""
    monkeypatch.setattr(Sanic, "test_mode", True)  # lets one process hold several apps of one name
    config = fresh_database("project")._replace(acquire_timeout=60.0, lock_timeout=60.0, statement_timeout=60.0)
    other = config._replace(name="project_of_another_replica", models=())
    async with open_databases(config, other) as opened:
        one, two = (create_app(project_settings(), database=database, bus=bus) for database in opened.values())
        databases: list[Database] = list(opened.values())
        async with session_with(one) as session, session_with(two) as another:
            yield TwoReplicas(ProjectClient(session, databases[0]), ProjectClient(another, databases[1]))
