"""Mail that was written into a folder instead of being sent: it carries addresses and links, and goes after a month."""

import asyncio
import os
from datetime import datetime, timedelta
from pathlib import Path

from shared.clock import Clock
from shared.retention import RETENTION_SECONDS, WALK_SECONDS
from shared.supervision import PeriodicTask

KEPT_FOR = timedelta(days=30)  # every link in it has expired long before


class OldMailFiles:
    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def task(self) -> PeriodicTask:
        return PeriodicTask("delete old mail files", WALK_SECONDS, self.delete, first_interval=RETENTION_SECONDS)

    async def delete(self) -> int:
        """How many there were. Another process may delete them at the same time."""
        return await asyncio.to_thread(_delete_older, self._folder, self._clock.now() - KEPT_FOR)


def _delete_older(folder: Path, before: datetime) -> int:
    if not folder.is_dir():  # where mail is sent
        return 0
    with os.scandir(folder) as entries:
        old = [entry.path for entry in entries if _is_older(entry, before)]
    for path in old:
        Path(path).unlink(missing_ok=True)
    return len(old)


def _is_older(entry: "os.DirEntry[str]", before: datetime) -> bool:
    try:
        return entry.name.endswith(".eml") and entry.stat().st_mtime < before.timestamp()
    except FileNotFoundError:
        return False
