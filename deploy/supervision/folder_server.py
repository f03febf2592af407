"""The life of a server that owns one folder: start, stop, kill, restart."""

import asyncio
import os
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.supervision.errors import AlreadyRunning, NotRunning, PortInUse, StartFailed
from deploy.supervision.folder_lock import FolderLock
from deploy.supervision.guard import Order
from deploy.supervision.guarded import GuardedServer, GuardFailed
from deploy.supervision.ports import free_port, is_free
from deploy.supervision.private import make_passable

READY_POLL_SECONDS = 0.02
PORT_ATTEMPTS = 5
LOG_LIMIT_BYTES, LOG_KEPT_BYTES = 4 * 1024 * 1024, 1024 * 1024


class FolderServer(ABC):
    """A subclass says what to run and how to see that it answers; nothing outlives the process that started it.

    A port of 0 is any free one, chosen at the first start and kept by this object, so that clients can reconnect.
    """

    name: str
    port_setting: str
    start_seconds = 60.0

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        self._folder = folder.resolve()
        self._wanted_port = port
        self._port = port
        self._locks: list[FolderLock] = []
        self._server: GuardedServer | None = None

    @property
    def port(self) -> int:
        return self._port

    @property
    def pid(self) -> int:
        return self._running().pid

    async def start(self) -> None:
        """Returns when the server answers. Raises a ServerError that says what to do."""
        if self._server is not None and not self._server.has_exited:
            raise AlreadyRunning(self._folder, os.getpid())
        self._release()
        make_passable(self._folder)
        await self._hold(FolderLock(self._folder))
        try:
            await self._prepare()
            await self._start_on_some_port()
        except BaseException:
            self._release()
            raise

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.stop()
        self._release()

    async def kill(self) -> None:
        """kill -9, for tests of recovery: no chance to save or say goodbye."""
        if self._server is not None and not self._server.has_exited:
            await self._server.kill()
        self._release()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def wait(self) -> int:
        """Until the server ends, for whatever reason; its exit status."""
        return await self._running().wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    @abstractmethod
    async def _prepare(self) -> None:
        """Makes the folder ready for the server; called under the lock."""

    @abstractmethod
    def _order(self) -> Order:
        """What to run, on `self.port`."""

    @abstractmethod
    async def _answers(self) -> bool:
        """Whether the server that was just started takes work."""

    async def _hold(self, lock: FolderLock) -> None:
        """For as long as the server lives, and its guard after us."""
        await lock.acquire()
        self._locks.append(lock)

    def _held(self) -> list[int]:
        return [lock.descriptor for lock in self._locks]

    def _running(self) -> GuardedServer:
        if self._server is None:
            raise NotRunning(self.name)
        return self._server

    @property
    def _log(self) -> Path:
        return self._folder / f"{self.name}.log"

    async def _start_on_some_port(self) -> None:
        if self._port:
            return await self._start_once()
        for _ in range(PORT_ATTEMPTS - 1):
            self._port = free_port()
            try:
                return await self._start_once()
            except PortInUse:  # somebody was faster
                continue
        self._port = free_port()
        return await self._start_once()

    async def _start_once(self) -> None:
        if not is_free(self._port):
            raise PortInUse(self._port, self.name, self.port_setting)
        bound_log(self._log)
        log_start = self._log.stat().st_size
        try:
            self._server = await GuardedServer.start(self._order(), self._held())
        except GuardFailed as error:
            raise StartFailed(self.name, str(error), self._log) from error
        try:
            await self._until_it_answers(self._server, log_start)
        except BaseException:
            await self._server.stop()
            raise

    async def _until_it_answers(self, server: GuardedServer, log_start: int) -> None:
        try:
            async with asyncio.timeout(self.start_seconds):
                while not await self._answers():
                    if server.has_exited:
                        raise self._exit_reason(log_start)
                    await asyncio.sleep(READY_POLL_SECONDS)
        except TimeoutError as error:
            raise StartFailed(self.name, f"no answer in {self.start_seconds:.0f} s", self._log) from error

    def _exit_reason(self, log_start: int) -> PortInUse | StartFailed:
        with self._log.open(errors="replace") as log:
            log.seek(log_start)
            lines = log.read().splitlines()
        if any("already in use" in line or "eaddrinuse" in line for line in lines):
            return PortInUse(self._port, self.name, self.port_setting)
        return StartFailed(self.name, " / ".join(lines[-3:]) or "it ended without a word", self._log)

    def _release(self) -> None:
        while self._locks:
            self._locks.pop().release()


def bound_log(path: Path) -> None:
    """Keeps the end of a log that has grown too long, and makes it private."""
    path.touch(mode=0o600)
    if path.stat().st_size > LOG_LIMIT_BYTES:
        with path.open("rb+") as log:
            log.seek(-LOG_KEPT_BYTES, os.SEEK_END)
            kept = log.read()
            log.seek(0)
            log.write(kept)
            log.truncate()
