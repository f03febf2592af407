"""A database with jobs and a ledger of what they did, and processes that work on it: for chaos and measurements."""

import asyncio
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from shared.db.bootstrap import RolePasswords, prepare_database
from shared.db.databases import Database, DatabaseConfig, open_databases
from shared.db.migrate import migrate
from shared.jobs.kinds import JobKind, Limits, Retry

TENANTS = tuple(UUID(int=number) for number in range(1, 4))
STOP_SECONDS = 5.0

_LEDGER = """
create table ledger (
    id bigint generated always as identity primary key, job_id uuid not null, tenant_id uuid, key text not null,
    number int not null, at timestamptz not null default clock_timestamp()
)
"""


class Stamp(msgspec.Struct, frozen=True):
    """The `number`th job of `key`; it takes `hold` seconds."""

    key: str
    number: int
    hold: float = 0.0


PATIENT = Retry(attempts=100, first=0.2, factor=1.0, jitter=0.5)
"""Nothing is given up, however often its worker is killed."""

CHAIN = JobKind("stage.chain", Stamp, timeout=30.0, retry=PATIENT, limits=Limits(per_worker=8))
LOOSE = JobKind("stage.loose", Stamp, timeout=30.0, retry=PATIENT, limits=Limits(per_worker=8))


class StageConfig(NamedTuple):
    app_url: str
    system_url: str
    amqp_url: str


async def make_stage(admin_url: str, amqp_url: str) -> tuple[str, StageConfig]:
    """A new database, and its name; it has the tables of conversation-service beside the ledger."""
    name = f"jobs_{secrets.token_hex(4)}"
    passwords = RolePasswords(*(secrets.token_urlsafe(12) for _ in RolePasswords._fields))
    urls = await prepare_database(admin_url, name, passwords)
    await migrate("conversation", urls.owner)
    owner = await asyncpg.connect(urls.owner)
    try:
        await owner.execute(_LEDGER)
    finally:
        await owner.close()
    return name, StageConfig(urls.app, urls.system, amqp_url)


async def drop_stage(admin_url: str, name: str) -> None:
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(f"drop database {name} with (force)")
        for role in ("owner", "app", "system"):
            await admin.execute(f"drop role {name}_{role}")
    finally:
        await admin.close()


@asynccontextmanager
async def stage_databases(config: StageConfig) -> AsyncIterator[Database]:
    async with open_databases(DatabaseConfig("stage", config.app_url, config.system_url)) as databases:
        yield databases["stage"]


class WorkerProcess:
    """Runs jobs until it is stopped or killed."""

    def __init__(self, config: StageConfig, settings: Mapping[str, str]) -> None:
        told = {f"JOB_STAGE_{name.upper()}": value for name, value in config._asdict().items()}
        self._environ = {**os.environ, **told, "LOG_LEVEL": "error", **settings}
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.job_worker", env=self._environ,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.returncode is not None

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> None:
        """In good order, by force when that takes too long."""
        if self._process is None or self._process.returncode is not None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            await self.kill()


@asynccontextmanager
async def workers(
    config: StageConfig, count: int, settings: Mapping[str, str] | None = None
) -> AsyncIterator[list[WorkerProcess]]:
    """Processes that run for as long as the block."""
    processes = [WorkerProcess(config, settings or {}) for _ in range(count)]
    try:
        for process in processes:
            await process.start()
        yield processes
    finally:
        await asyncio.gather(*(process.stop() for process in processes))
