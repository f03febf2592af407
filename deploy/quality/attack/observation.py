"""What others notice of an attack: answer times of another user, stalls of the loops, memory of all processes."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import psutil

from deploy.api_client import ApiClient
from deploy.environment import SERVICES
from deploy.stack_process import StackProcess

_PAUSE_SECONDS = 0.02  # between two requests of one observer: enough to see a stall, too few to be a load
_MEMORY_SECONDS = 0.1
_MIB = 1024 * 1024


class Observation:
    """Times are in seconds, memory in MiB."""

    def __init__(self) -> None:
        self.answers: list[float] = []
        self.refused = 0
        """Requests of the other user, and of the probes, that were not answered with 200."""
        self.stalls: list[float] = []
        self.memory_peak = 0.0

    @property
    def p99(self) -> float:
        return sorted(self.answers)[int(len(self.answers) * 0.99)]

    @property
    def longest_stall(self) -> float:
        """For how long one of the services answered nothing at all, at most."""
        return max(self.stalls)


@asynccontextmanager
async def observe(
    stack: StackProcess, bystander: ApiClient, session: aiohttp.ClientSession
) -> AsyncIterator[Observation]:
    """Observes until the end of the block. The other user reads their projects; nothing else of them is attacked."""
    seen = Observation()

    async def ask() -> bool:
        return (await bystander.call("GET", "/projects")).status == 200

    async def probe(service: int) -> bool:
        async with session.get(f"{stack.service_url(service)}/health/live") as answer:
            return answer.status == 200

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_repeat(ask, seen, seen.answers)), group.create_task(_follow_memory(stack, seen))]
        tasks += [
            group.create_task(_repeat(lambda number=number: probe(number), seen, seen.stalls))  # type: ignore[misc]
            for number in range(len(SERVICES))
        ]
        try:
            yield seen
        finally:
            for task in tasks:
                task.cancel()


def memory_of(stack: StackProcess) -> float:
    """Private memory of all processes of the stack in MiB; what PostgreSQL's processes share is left out."""
    root = psutil.Process(stack.process.pid)
    total = 0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            usage = process.memory_info()
            total += usage.rss - usage.shared
    return total / _MIB


def stored_by(stack: StackProcess) -> float:
    """MiB of databases and files, without the write-ahead log of PostgreSQL and what it has not given back yet."""
    home = Path(stack.environ["TESSERA_HOME"])
    data = (home / "postgres" / "pgdata").resolve() / "base"
    files = (path for folder in (data, home / "objects") for path in folder.rglob("*"))
    total = 0
    for path in files:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total / _MIB


async def _repeat(request: Callable[[], Awaitable[bool]], seen: Observation, times: list[float]) -> None:
    while True:
        began = time.perf_counter()
        is_answered = True  # what is still under way at the end is nobody's failure
        try:
            is_answered = await request()
        except (aiohttp.ClientError, TimeoutError):
            is_answered = False
        finally:
            times.append(time.perf_counter() - began)
            seen.refused += not is_answered
        await asyncio.sleep(_PAUSE_SECONDS)


async def _follow_memory(stack: StackProcess, seen: Observation) -> None:
    while True:
        seen.memory_peak = max(seen.memory_peak, memory_of(stack))
        await asyncio.sleep(_MEMORY_SECONDS)
