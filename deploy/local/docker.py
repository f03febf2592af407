"""The same servers as containers, for machines without the packages."""

import asyncio
import hashlib
import os
from pathlib import Path

from deploy.local.probes import amqp_answers, redis_answers
from deploy.supervision.folder_server import FolderServer
from deploy.supervision.guard import Order
from deploy.supervision.secret_file import read_or_create, write_private

PULL_AND_START_SECONDS = 600.0


class Container(FolderServer):
    """Runs `docker run` in the foreground; data in a volume named after the folder, so it outlives the container."""

    image: str
    inner_port: int
    data_path: str
    start_seconds = PULL_AND_START_SECONDS

    async def kill(self) -> None:
        # Docker's client cannot pass SIGKILL on, and without the client the container would live.
        await docker("kill", self._container)
        await super().kill()

    async def _prepare(self) -> None:
        # One that was left behind when the client was killed.
        await docker("rm", "--force", self._container)

    def _order(self) -> Order:
        variables = self._folder / "container.env"
        write_private(variables, self._variables())
        options = ["--rm", f"--name={self._container}", "--hostname=tessera", f"--env-file={variables}"]
        options += [f"--publish=127.0.0.1:{self.port}:{self.inner_port}"]
        options += [f"--volume={self._container}:{self.data_path}"]
        return Order(
            command=["docker", "run", *options, self.image, *self._arguments()],
            environment=dict(os.environ),
            folder=str(self._folder),
            log=str(self._log),
            stop=[("SIGTERM", 25.0)],
        )

    @property
    def _container(self) -> str:
        return f"tessera-{self.name}-{hashlib.sha256(bytes(self._folder)).hexdigest()[:12]}"

    def _password(self) -> str:
        return read_or_create(self._folder / f"{self.name}.password")

    def _variables(self) -> str:
        return ""

    def _arguments(self) -> list[str]:
        return []


class RabbitMQContainer(Container):
    name = "rabbitmq"
    port_setting = "AMQP_URL"
    image = "rabbitmq:4"
    inner_port = 5672
    data_path = "/var/lib/rabbitmq"

    @property
    def url(self) -> str:
        return f"amqp://tessera:{self._password()}@127.0.0.1:{self.port}/"

    def _variables(self) -> str:
        return f"RABBITMQ_DEFAULT_USER=tessera\nRABBITMQ_DEFAULT_PASS={self._password()}\n"

    async def _answers(self) -> bool:
        return await amqp_answers(self.port)


class RedisContainer(Container):
    name = "redis"
    port_setting = "REDIS_URL"
    image = "redis:7"
    inner_port = 6379
    data_path = "/data"

    @property
    def url(self) -> str:
        return f"redis://:{self._password()}@127.0.0.1:{self.port}/0"

    def _variables(self) -> str:
        return f"REDIS_PASSWORD={self._password()}\n"

    def _arguments(self) -> list[str]:
        return ["sh", "-c", 'exec redis-server --requirepass "$REDIS_PASSWORD" --save "" --appendonly yes']

    async def _answers(self) -> bool:
        return await redis_answers(self.port, self._password())


async def can_run_containers(log: Path) -> bool:
    try:
        return await docker("info", log=log) == 0
    except FileNotFoundError:
        return False


async def docker(*arguments: str, log: Path = Path(os.devnull)) -> int:
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            "docker", *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output
        )
    return await process.wait()
