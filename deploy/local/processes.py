"""Five service processes on one machine, each started again when it dies - as an orchestrator would."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp

from deploy.supervision.errors import StartFailed
from shared.supervision import SupervisedTask, Supervisor

READY_SECONDS = 90.0  # everything starts at once, perhaps on a busy machine
READY_POLL_SECONDS = 0.05
STOP_SECONDS = 30.0  # a service ends within 25
RESTART_PAUSE_SECONDS = 0.2


class ServiceProcess:
    """`python -m <module>`; `pid` is that of the running process and changes when it is started again."""

    def __init__(self, module: str, port: int, environ: Mapping[str, str], log: Path) -> None:
        self.module = module
        self.port = port
        self._environ = {**environ, "PORT": str(port)}
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._tasks = Supervisor()
        self._watch: SupervisedTask | None = None

    @property
    def pid(self) -> int | None:
        is_running = self._process is not None and self._process.returncode is None
        return self._process.pid if self._process is not None and is_running else None

    async def start(self) -> None:
        """Returns when the service says it is ready; raises StartFailed when it ends or takes too long."""
        await self._launch()
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self.until_ready()
        except TimeoutError:
            raise StartFailed(self.module, f"not ready after {READY_SECONDS:.0f} s", self._log) from None
        self._watch = self._tasks.start(f"keep {self.module} running", self._keep_alive)

    async def until_ready(self) -> None:
        async with aiohttp.ClientSession() as client:
            while not await self._is_ready(client):
                if self._watch is None and self._process is not None and self._process.returncode is not None:
                    raise StartFailed(self.module, f"it ended with status {self._process.returncode}", self._log)
                await asyncio.sleep(READY_POLL_SECONDS)

    def kill(self) -> None:
        """kill -9, for tests of recovery; the process is started again."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    async def restart(self) -> None:
        """SIGTERM, as an update does; returns when the process that follows is ready."""
        leaving = self._process
        assert leaving is not None
        leaving.terminate()
        await leaving.wait()
        while self._process is leaving:
            await asyncio.sleep(READY_POLL_SECONDS)
        await self.until_ready()

    async def stop(self) -> None:
        await self._tasks.stop()
        if self._process is None or self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "deploy.supervision.tied", self.module, env=self._environ, stdout=log, stderr=log
            )

    async def _keep_alive(self) -> None:
        while self._process is not None:
            await self._process.wait()
            await asyncio.sleep(RESTART_PAUSE_SECONDS)
            await self._launch()

    async def _is_ready(self, client: aiohttp.ClientSession) -> bool:
        path = "/ready" if self.module == "gateway" else "/health/ready"
        try:
            async with client.get(f"http://127.0.0.1:{self.port}{path}", timeout=aiohttp.ClientTimeout(2)) as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
