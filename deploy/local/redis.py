"""A private Redis from the installed package: loopback only, with a password, its data kept in the folder."""

import shutil

from deploy.local.probes import redis_answers
from deploy.supervision.errors import NotInstalled
from deploy.supervision.folder_server import FolderServer
from deploy.supervision.guard import Order
from deploy.supervision.secret_file import read_or_create, write_private


class RedisNode(FolderServer):
    name = "redis"
    port_setting = "REDIS_URL"

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self.port}/0"

    @staticmethod
    def is_installed() -> bool:
        return shutil.which("redis-server") is not None

    async def _prepare(self) -> None:
        if not self.is_installed():
            raise NotInstalled("redis-server is not installed")
        (self._folder / "data").mkdir(mode=0o700, exist_ok=True)

    def _order(self) -> Order:
        configuration = self._folder / "redis.conf"
        # A file, because anyone may read a command line.
        write_private(configuration, self._configuration())
        return Order(
            command=[shutil.which("redis-server") or "redis-server", str(configuration)],
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            folder=str(self._folder),
            log=str(self._log),
            stop=[("SIGTERM", 10.0)],
        )

    def _configuration(self) -> str:
        return (
            "bind 127.0.0.1\n"
            f"port {self.port}\n"
            f"requirepass {self._password()}\n"
            f'dir "{self._folder / "data"}"\n'
            "daemonize no\n"
            "loglevel warning\n"
            # The append-only file alone: every write survives kill -9.
            'save ""\n'
            "appendonly yes\n"
            "appendfsync everysec\n"
        )

    async def _answers(self) -> bool:
        return await redis_answers(self.port, self._password())

    def _password(self) -> str:
        return read_or_create(self._folder / "redis.password")
