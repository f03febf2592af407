"""The stock npm `socket.io-client` as a process: installed once per run, told what to do line by line."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from deploy.local.apt import can_install, install

PROGRAM = Path(__file__).parent / "socketio_client"
INSTALL = ("npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
INSTALL_SECONDS = 120.0
ANSWER_SECONDS = 15.0


class StockChatClient:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def next_with(self, name: str) -> dict[str, Any]:
        """The next line that tells about `name`."""
        assert self._process.stdout is not None
        async with asyncio.timeout(ANSWER_SECONDS):
            while line := await self._process.stdout.readline():
                told: dict[str, Any] = json.loads(line)
                if name in told:
                    return told
        raise EOFError(name)

    async def next_event(self, name: str) -> Any:
        while True:
            told = await self.next_with("event")
            if told["event"] == name:
                return told["data"]

    async def emit(self, name: str, data: Any) -> Any:
        """The acknowledgement."""
        await self._tell(emit=[name, data])
        return (await self.next_with("ack"))["ack"]

    async def drop(self) -> None:
        await self._tell(drop=True)

    async def _tell(self, **order: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()


async def installed(folder: Path) -> Path:
    """The program with what it needs, in `folder`."""
    if shutil.which("npm") is None and can_install():
        for package in ("nodejs", "npm"):
            await install(package, folder / f"{package}.log")
    for name in ("package.json", "client.mjs"):
        shutil.copy(PROGRAM / name, folder)
    process = await asyncio.create_subprocess_exec(*INSTALL, cwd=folder)
    async with asyncio.timeout(INSTALL_SECONDS):
        assert await process.wait() == 0, "npm could not install socket.io-client"
    return folder / "client.mjs"


@asynccontextmanager
async def stock_client(
    program: Path, url: str, auth: dict[str, Any], transports: Sequence[str], **options: Any
) -> AsyncIterator[StockChatClient]:
    process = await asyncio.create_subprocess_exec(
        "node",
        str(program),
        url,
        json.dumps(auth),
        json.dumps(transports),
        json.dumps(options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    try:
        yield StockChatClient(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()
        assert process.stdin is not None
        process.stdin.close()
        with suppress(ConnectionError):
            await process.stdin.wait_closed()
