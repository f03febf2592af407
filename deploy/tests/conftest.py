"""A folder for a server, and other processes that own one."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.postgres_home import remove_data


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: as root that one is closed to the account PostgreSQL runs as.
    room = Path(tempfile.mkdtemp(prefix="tessera-test-"))
    room.chmod(0o711)
    yield room / "home"
    remove_data(room / "home")
    shutil.rmtree(room)
