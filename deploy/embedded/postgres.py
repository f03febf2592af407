"""A real PostgreSQL 18 for one folder: no server to install, no rights needed, nothing left running."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from deploy.embedded.postgres_binaries import find_binaries
from deploy.embedded.postgres_cluster import (
    PID_FILE,
    SUPERUSER,
    initialise,
    is_initialised,
    server_environment,
    stop_survivors,
)
from deploy.embedded.postgres_home import LINK, Home, locate_home
from deploy.supervision.errors import FolderUnusable
from deploy.supervision.folder_lock import FolderLock
from deploy.supervision.folder_server import FolderServer
from deploy.supervision.guard import Order
from deploy.supervision.secret_file import read_or_create

PASSWORD_FILE = "postgres.password"  # noqa: S105 - the name of a file
STATUS_LINE = 7  # of postmaster.pid, counted from 0; pg_ctl waits for the same word
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "128MB",
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "password_encryption": "scram-sha-256",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    # Statements and the details of their errors carry what users wrote.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",  # it may be memory that this lives in
    "scram_iterations": "1",  # of passwords that are random; a client works through them at every connection
}
"""Settings for data that nobody wants back after a crash of the machine: several times faster where much is made."""


class EmbeddedPostgres(FolderServer):
    """Data in `<folder>/pgdata`, password in `<folder>/postgres.password`, log in `<folder>/postgres.log`."""

    name = "postgres"
    port_setting = "TESSERA_POSTGRES_PORT"

    def __init__(self, folder: Path, *, port: int = 0, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        """`settings` change or complete ours."""
        super().__init__(folder, port=port)
        self._settings = {**SETTINGS, **settings}
        self._home = Home(self._folder / LINK, None)
        self._binaries = Path()

    @property
    def admin_url(self) -> str:
        password = (self._folder / PASSWORD_FILE).read_text()
        return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{self.port}/postgres"

    async def _prepare(self) -> None:
        self._home = await asyncio.to_thread(locate_home, self._folder)
        if self._home.folder != self._folder:
            # A copy of the folder has the same link: the data need a lock of their own.
            await self._hold(FolderLock(self._home.folder))
        self._binaries = await asyncio.to_thread(find_binaries, self._home.account)
        await initialise(self._home, self._binaries, self._password(), self._log, self._held())
        await stop_survivors(self._home.data)

    def _order(self) -> Order:
        account = self._home.account
        command = [str(self._binaries / "postgres"), "-D", str(self._home.data), "-p", str(self.port)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        return Order(
            command=command,
            environment=server_environment(),
            folder="/",
            log=str(self._log),
            # Fast shutdown (open transactions are rolled back), then immediate (recovery at the next start).
            stop=[("SIGINT", 20.0), ("SIGQUIT", 5.0)],
            uid=account.uid if account else None,
            gid=account.gid if account else None,
        )

    async def _answers(self) -> bool:
        try:
            lines = (self._home.data / PID_FILE).read_text().splitlines()
        except FileNotFoundError:
            return False
        is_ours = bool(lines) and lines[0] == str(self.pid)
        return is_ours and len(lines) > STATUS_LINE and lines[STATUS_LINE].strip() == "ready"

    def _password(self) -> str:
        path = self._folder / PASSWORD_FILE
        if is_initialised(self._home.data) and not path.exists():
            raise FolderUnusable(f"{path} is missing but {self._home.data} exists: restore it or remove both")
        return read_or_create(path)
