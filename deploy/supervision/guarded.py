"""A server under a guard, as its owner sees it."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Self

from deploy.supervision import guard
from deploy.supervision.errors import ServerError
from deploy.supervision.guard import Order


class GuardFailed(ServerError):
    def __init__(self, order: Order, reason: str) -> None:
        super().__init__(f"{order.command[0]} cannot be executed: {reason}")


class GuardedServer:
    """A running server that ends when it is stopped, when this object is dropped, or when this process dies."""

    def __init__(
        self, guard_process: asyncio.subprocess.Process, to_guard: asyncio.StreamWriter, words: asyncio.StreamReader
    ) -> None:
        self._guard = guard_process
        self._to_guard = to_guard
        self._words = words
        self._status: int | None = None
        self._reading = asyncio.Lock()
        self.pid = 0

    @classmethod
    async def start(cls, order: Order, keep_open: Sequence[int] = ()) -> Self:
        """`keep_open`: descriptors (locks) that the guard holds as long as anything of the server lives."""
        # -I -S: the guard needs the standard library only, and is up in milliseconds without site-packages.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            guard.__file__,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=tuple(keep_open),
            # Ctrl-C in a terminal reaches the owner only; the owner then decides the order of the stops.
            start_new_session=True,
        )
        if process.stdin is None or process.stdout is None:
            raise GuardFailed(order, "the guard has no pipes")
        server = cls(process, process.stdin, process.stdout)
        try:
            await server._give(order)
        except BaseException:
            await server.stop()
            raise
        return server

    @property
    def has_exited(self) -> bool:
        return self._guard.returncode is not None

    async def wait(self) -> int:
        """The server's exit status (negative: its signal), once everything it left behind is gone too."""
        await self._guard.wait()
        async with self._reading:
            if self._status is None:
                self._status = await self._last_words()
                await self._close_pipes()
        return self._status

    async def stop(self) -> int:
        self._let_go()
        return await self.wait()

    async def kill(self) -> int:
        """kill -9, for tests of recovery."""
        self._to_guard.write(b"kill\n")
        return await self.wait()

    async def _give(self, order: Order) -> None:
        self._to_guard.write(json.dumps(asdict(order)).encode() + b"\n")
        word, _, rest = (await self._words.readline()).decode().strip().partition(" ")
        if word != "started":
            raise GuardFailed(order, rest or "the guard died")
        self.pid = int(rest)

    async def _last_words(self) -> int:
        word, _, status = (await self._words.read()).decode().partition(" ")
        # A guard that says nothing was killed itself, and the kernel ended the server.
        return int(status) if word == "exited" else -signal.SIGKILL

    def _let_go(self) -> None:
        self._to_guard.close()

    async def _close_pipes(self) -> None:
        """From Python 3.12.4 on a process counts as waited for before its pipes are closed; a loop may end between."""
        self._let_go()
        with contextlib.suppress(ConnectionError):  # the guard took less than was written to it
            await self._to_guard.wait_closed()


async def run_to_end(order: Order, keep_open: Sequence[int] = ()) -> int:
    """Runs a command that ends by itself; it is stopped when the caller is cancelled or dies."""
    server = await GuardedServer.start(order, keep_open)
    try:
        return await server.wait()
    except BaseException:
        await server.stop()
        raise
