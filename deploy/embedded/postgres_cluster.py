"""The database cluster on disk: made once, whole or not at all, and freed of what a crash left behind."""

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path

from deploy.embedded.postgres_binaries import MAJOR_VERSION
from deploy.embedded.postgres_home import Home
from deploy.supervision.errors import FolderUnusable, StartFailed
from deploy.supervision.guard import Order
from deploy.supervision.guarded import run_to_end
from deploy.supervision.proc_table import working_in
from deploy.supervision.secret_file import write_private
from deploy.supervision.waiting import until

SUPERUSER = "postgres"
DRAFT_PREFIX = "initdb-"
PID_FILE = "postmaster.pid"
# Fast shutdown, then immediate shutdown, then no choice.
SURVIVOR_STEPS = ((signal.SIGINT, 15.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


def is_initialised(data: Path) -> bool:
    return (data / "global" / "pg_control").exists()


async def initialise(home: Home, binaries: Path, password: str, log: Path, locks: list[int]) -> None:
    """Makes the cluster unless it is there. Complete or absent under its name, so a crash half-way is redone."""
    for draft in home.folder.glob(f"{DRAFT_PREFIX}*"):
        await asyncio.to_thread(shutil.rmtree, draft)
    if is_initialised(home.data):
        _check_version(home.data)
        return
    if home.data.exists():
        home.data.rename(home.data.with_name(f"{home.data.name}.unfinished-{secrets.token_hex(4)}"))
    await _create(home, binaries, password, log, locks)


async def stop_survivors(data: Path) -> None:
    """Ends every server process that still works on the data, then drops the pid file that names none of them."""
    pid_file = data / PID_FILE
    # Without /proc PostgreSQL's own check of the pid file has the last word.
    if sys.platform != "linux" or not pid_file.exists():
        return
    for step, patience in SURVIVOR_STEPS:
        if await _ended(data, _postmaster(pid_file), step, patience):
            # A pid file of a dead server whose number some other process has by now would stop the next start.
            pid_file.unlink(missing_ok=True)
            return
    raise FolderUnusable(f"{data} is in use by processes {working_in(data)} that cannot be stopped: stop them first")


async def _create(home: Home, binaries: Path, password: str, log: Path, locks: list[int]) -> None:
    draft = home.folder / f"{DRAFT_PREFIX}{secrets.token_hex(4)}"
    draft.mkdir(mode=0o700)
    (draft / "data").mkdir(mode=0o700)
    write_private(draft / "password", f"{password}\n")
    if home.account is not None:
        for path in (draft, draft / "data", draft / "password"):
            os.chown(path, home.account.uid, home.account.gid)
    status = await run_to_end(_initdb(home, binaries, draft, log), locks)
    if status != 0:
        raise StartFailed("initdb", f"it ended with status {status}", log)
    (draft / "data").rename(home.data)
    _sync(home.folder)
    shutil.rmtree(draft)


def _initdb(home: Home, binaries: Path, draft: Path, log: Path) -> Order:
    return Order(
        command=[
            str(binaries / "initdb"),
            f"--pgdata={draft / 'data'}",
            f"--pwfile={draft / 'password'}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # The same order of text on every machine, whatever locales it has.
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ],
        environment=server_environment(),
        folder="/",
        log=str(log),
        stop=[("SIGTERM", 5.0)],
        uid=home.account.uid if home.account else None,
        gid=home.account.gid if home.account else None,
    )


def server_environment() -> dict[str, str]:
    """Nothing of ours: variables such as PGDATA or LD_PRELOAD would change what the programs do."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def _check_version(data: Path) -> None:
    version = (data / "PG_VERSION").read_text().strip()
    if version != MAJOR_VERSION:
        raise FolderUnusable(
            f"{data} was made by PostgreSQL {version}, this is {MAJOR_VERSION}: "
            f"dump and reload it, or choose another folder"
        )


def _postmaster(pid_file: Path) -> int:
    lines = pid_file.read_text().splitlines() if pid_file.exists() else []
    return int(lines[0]) if lines else 0


async def _ended(data: Path, postmaster: int, step: signal.Signals, patience: float) -> bool:
    survivors = working_in(data)
    # The postmaster ends its children in good order; without it they are told directly.
    for pid in [postmaster] if postmaster in survivors and step != signal.SIGKILL else survivors:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, step)
    return await until(lambda: not working_in(data), patience)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
