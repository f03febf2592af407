"""Fixtures of the kernel's tests; `sample_service` is a service as small as one can be, migrations included."""

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.testing.postgres import FreshDatabase

sys.path.insert(0, str(Path(__file__).parent / "db"))


@pytest.fixture
def sample_config(fresh_database: FreshDatabase) -> DatabaseConfig:
    return fresh_database("sample")._replace(pool_size=5)


@pytest.fixture
async def database(sample_config: DatabaseConfig) -> AsyncIterator[Database]:
    async with open_databases(sample_config) as databases:
        yield databases["sample"]
