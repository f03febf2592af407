"""Folders for data that nobody wants back, in memory where there is room: a test run writes gigabytes."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder that is made in it has an unforeseeable name
ROOM = 4 * 1024**3  # bytes; a run uses about one


@contextmanager
def throwaway_folder() -> Iterator[Path]:
    """Others may pass through it, as the account does that PostgreSQL runs as; what is inside has its own rights."""
    with tempfile.TemporaryDirectory(prefix="tessera-test-", dir=_memory()) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def _memory() -> Path | None:
    """Where files cost no disk."""
    if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= ROOM:
        return IN_MEMORY
    return None
