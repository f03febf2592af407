"""A stack in a process of its own, as `make run` starts it: for demo, end-to-end tests and chaos."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from deploy.supervision.errors import ServerError
from deploy.supervision.ports import free_port, is_free

EMBEDDED = "deploy.embedded"
DISTRIBUTED = "deploy.local"
START_SECONDS = 120.0
STOP_SECONDS = 60.0


class NotStarted(ServerError):
    def __init__(self, said: str) -> None:
        super().__init__(f"the stack did not start: {said}")


class StackProcess(NamedTuple):
    url: str
    process: asyncio.subprocess.Process
    environ: dict[str, str]

    @property
    def live_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    def service_url(self, offset: int) -> str:
        """Of auth (0), project (1), conversation (2) or realtime (3), past the gateway."""
        return f"http://127.0.0.1:{int(self.environ['TESSERA_SERVICE_PORT_BASE']) + offset}"


@asynccontextmanager
async def stack_process(
    module: str, home: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[StackProcess]:
    """`python -m module` on free ports with `home` as TESSERA_HOME; stopped with SIGTERM at the end."""
    environ = {**os.environ, **free_ports(), "TESSERA_HOME": str(home), **(settings or {})}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.supervision.tied", module, env=environ, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            url = await _ready_url(process)
        yield StackProcess(url, process, environ)
    finally:
        await _stop(process)


async def _ready_url(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    said = ""
    async for line in process.stdout:
        said = line.decode().strip()
        if "is ready at " in said:
            return said.partition("is ready at ")[2].split()[0]
    raise NotStarted(said)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """Ends the process if it still runs, and reads its output to the end, without which its pipe stays open."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()


def free_ports() -> dict[str, str]:
    first = free_port()
    while not all(is_free(first + offset) for offset in range(5)):
        first = free_port()
    return {"TESSERA_GATEWAY_PORT": str(first + 4), "TESSERA_SERVICE_PORT_BASE": str(first)}
