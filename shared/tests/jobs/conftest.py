"""Fixtures of the tests of jobs."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from job_fakes import Ledger, Yard

from shared.db.databases import Database


@pytest.fixture
def yard(database: Database) -> Yard:
    return Yard(database)


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()
