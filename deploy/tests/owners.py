"""Processes that own a server, to be killed in every way, and a look at what they leave."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.supervision.waiting import until

REPOSITORY = Path(__file__).parents[2]
DEADLINE_SECONDS = 40.0
# A shell that starts something in the background has it ignore Ctrl-C, and children inherit that.
SCRIPT = """
import asyncio, importlib, signal, sys
from pathlib import Path

signal.signal(signal.SIGINT, signal.default_int_handler)

async def own(module, name, folder):
    server = getattr(importlib.import_module(module), name)(Path(folder))
    async with server:
        print(server.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(own(*sys.argv[1:]))
"""


@asynccontextmanager
async def owner(
    server: type, folder: Path, user: int | None = None, python: str = sys.executable, path: str = ""
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Another process that has been told to start the server; at the end it is dead and the server gone."""
    process = await asyncio.create_subprocess_exec(
        python,
        "-c",
        SCRIPT,
        server.__module__,
        server.__name__,
        str(folder),
        cwd="/",
        env={"PYTHONPATH": f"{REPOSITORY}:{path}", "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        user=user,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
        await eventually(lambda: processes_of(folder) == [])


async def started_pid(process: asyncio.subprocess.Process) -> int:
    assert process.stdout is not None
    return int(await asyncio.wait_for(process.stdout.readline(), DEADLINE_SECONDS))


async def eventually(condition: Callable[[], bool]) -> None:
    assert await until(condition, DEADLINE_SECONDS), "the condition never came true"


def processes_of(folder: Path) -> list[int]:
    """Every process whose command line or environment mentions the folder, but the owners and we ourselves."""
    return [
        int(entry.name)
        for entry in Path("/proc").glob("[0-9]*")
        if _mentions(entry / "cmdline", folder) or _mentions(entry / "environ", folder)
        if b"asyncio.run(own" not in _content(entry / "cmdline") and int(entry.name) != os.getpid()
    ]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _mentions(file: Path, folder: Path) -> bool:
    return str(folder).encode() in _content(file)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
