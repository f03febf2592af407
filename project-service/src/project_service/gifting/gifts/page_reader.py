"""Reads pages in one process of its own: started when needed, ended when idle, replaced when it dies."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec

from project_service.gifting.gifts import frames
from project_service.gifting.gifts.products import Page, PageBytes

SECONDS = 5.0  # for one page, with the start of the process; its own limits of CPU are below
IDLE_SECONDS = 60.0
MOST_WAITING = 16
"""Pages, the one that is being read included. The last one waits 80 seconds at most when all are hostile."""
MOST_ANSWER_BYTES = 64 * 1024  # a name, a price and two addresses are less than 4 KiB
PROGRAM = (sys.executable, "-I", "-m", "project_service.gifting.gifts.page_parser")
_ENVIRONMENT = {"LANG": "C.UTF-8"}  # and none of the service's: it holds secrets


class PageUnreadable(Exception):
    """The process died of the page, took too long, or answered what is no answer."""


class ReaderBusy(Exception):
    """As many pages wait as may, or the page had no turn in time."""


class PageReader:
    """Close it when the service stops: the process ends with whatever it is reading."""

    def __init__(
        self, program: Sequence[str] = PROGRAM, *, seconds: float = SECONDS, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._program = program
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._turn = asyncio.Lock()
        self._turns_of_tenants: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._waiting = 0
        self._process: _Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self._is_closed = False

    @property
    def process_id(self) -> int | None:
        """None where no process is running."""
        return None if self._process is None else self._process.id

    async def read(self, tenant_id: UUID, page: PageBytes, turn_seconds: float | None = None) -> Page:
        """Pages of one tenant wait for each other first: others wait for one of them.

        Raises PageUnreadable, and ReaderBusy when the page has no turn within `turn_seconds`.
        """
        if self._waiting >= MOST_WAITING:
            raise ReaderBusy
        self._waiting += 1
        try:
            async with self._turn_of(tenant_id, turn_seconds):
                return await self._read(msgspec.msgpack.encode(page))
        finally:
            self._waiting -= 1

    @asynccontextmanager
    async def _turn_of(self, tenant_id: UUID, seconds: float | None) -> AsyncIterator[None]:
        turn_of_tenant = self._turns_of_tenants.setdefault(tenant_id, asyncio.Lock())
        async with AsyncExitStack() as turns:
            try:
                async with asyncio.timeout(seconds):
                    await turns.enter_async_context(turn_of_tenant)
                    await turns.enter_async_context(self._turn)
            except TimeoutError:
                raise ReaderBusy from None
            yield

    async def close(self) -> None:
        self._is_closed = True
        self._end_process()
        await asyncio.gather(*self._ending)

    async def _read(self, request: bytes) -> Page:
        if self._idle is not None:
            self._idle.cancel()
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._ask(request)
            page = msgspec.msgpack.decode(answer, type=Page)
        except (TimeoutError, OSError, EOFError, msgspec.MsgspecError) as error:
            self._end_process()
            raise PageUnreadable from error
        except BaseException:
            self._end_process()  # its next answer would be the one to this page
            raise
        self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end_process)
        return page

    async def _ask(self, request: bytes) -> bytes:
        """A process that read other pages may have died since: what it does not answer, a new one is asked once."""
        if self._process is not None:
            is_used = self._process
            with suppress(EOFError, ConnectionError):
                return await is_used.ask(request)
            self._end_process()
        if self._is_closed:
            raise EOFError
        self._process = await _Process.start(self._program)
        return await self._process.ask(request)

    def _end_process(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        process, self._process = self._process, None
        if process is not None:
            task = asyncio.get_running_loop().create_task(process.end())
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


class _Process:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._requests = process.stdin
        self._answers = process.stdout

    @classmethod
    async def start(cls, program: Sequence[str]) -> "_Process":
        """In a session of its own: Ctrl-C in a terminal is for the service, which ends it."""
        return cls(
            await asyncio.create_subprocess_exec(
                *program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
        )

    @property
    def id(self) -> int:
        return self._process.pid

    async def ask(self, request: bytes) -> bytes:
        """Raises EOFError or ConnectionError when the process ends meanwhile."""
        self._requests.write(frames.frame(request))
        await self._requests.drain()
        size = frames.length_of(await self._answers.readexactly(frames.LENGTH_BYTES))
        if size > MOST_ANSWER_BYTES:
            raise EOFError
        return await self._answers.readexactly(size)

    async def end(self) -> None:
        """Kills it and takes what it leaves: a pipe that is not read to its end stays open."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._requests.close()
        with suppress(ConnectionError):
            await self._requests.wait_closed()
        while await self._answers.read(MOST_ANSWER_BYTES):
            pass
        await self._process.wait()
