"""A folder for a server, and other processes that own one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.postgres_home import remove_data
from deploy.throwaway import throwaway_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: as root that one is closed to the account PostgreSQL runs as.
    with throwaway_folder() as room:
        yield room / "home"
        remove_data(room / "home")
