"""Who owns a folder: at most one process at a time, and whoever cleans up after it."""

import fcntl
import os
from pathlib import Path

from deploy.supervision.errors import AlreadyRunning
from deploy.supervision.proc_table import is_alive
from deploy.supervision.waiting import until

# A guard whose owner was killed still holds the lock until its server has stopped.
CLEANUP_SECONDS = 45.0
NOT_HELD = -1


class FolderLock:
    """An exclusive lock on `<folder>/owner.lock`, which holds the owner's pid."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.descriptor = NOT_HELD

    async def acquire(self) -> None:
        """Raises AlreadyRunning when the owner lives; waits for the clean-up after one that does not."""
        descriptor = os.open(self._folder / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            await self._take(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self.descriptor = descriptor

    def release(self) -> None:
        if self.descriptor != NOT_HELD:
            os.close(self.descriptor)
            self.descriptor = NOT_HELD

    async def _take(self, descriptor: int) -> None:
        def taken_or_owned() -> bool:
            return _locked(descriptor) or is_alive(_owner(descriptor))

        await until(taken_or_owned, CLEANUP_SECONDS)
        if not _locked(descriptor):
            raise AlreadyRunning(self._folder, _owner(descriptor))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> int:
    # Empty in the instant between a new owner's lock and its signature.
    return int(os.pread(descriptor, 32, 0) or b"0")
