"""A private RabbitMQ node from the installed package: loopback only, own user, own cookie, own port mapper."""

import asyncio
import contextlib
import json
import os
import shutil
from pathlib import Path

from deploy.local.probes import amqp_answers
from deploy.supervision.errors import NotInstalled, ServerError
from deploy.supervision.folder_server import FolderServer
from deploy.supervision.guard import Order
from deploy.supervision.ports import free_port
from deploy.supervision.secret_file import read_or_create, write_private
from shared.messaging.rabbitmq.policies import VHOST, definitions

# Debian's commands of the same names in the search path switch to the package's account first.
PACKAGE_PROGRAMS = Path("/usr/lib/rabbitmq/bin")
USER = "tessera"
NODE_NAME = "tessera@localhost"
CONTROL_SECONDS = 30.0


class ControlFailed(ServerError):
    def __init__(self, arguments: tuple[str, ...], output: str) -> None:
        super().__init__(f"rabbitmqctl {' '.join(arguments)} failed: {output}")


class RabbitMQNode(FolderServer):
    """Durable queues live in `<folder>/mnesia` and outlive kill -9.

    The port mapper (epmd) that Erlang starts beside the node is private to it: own port, loopback only. It is a child
    of the guard, which ends it together with the node; one that runs already on this machine is never touched.
    """

    name = "rabbitmq"
    port_setting = "AMQP_URL"

    def __init__(self, folder: Path, *, port: int = 0) -> None:
        super().__init__(folder, port=port)
        self._epmd_port = 0
        self._distribution_port = 0

    @property
    def url(self) -> str:
        return f"amqp://{USER}:{self._password()}@127.0.0.1:{self.port}/"

    @staticmethod
    def is_installed() -> bool:
        return _program("rabbitmq-server") is not None

    def has_its_queues_on_disk(self) -> bool:
        """Whether the node would find every quorum queue again after kill -9.

        RabbitMQ 3.10 answers a declaration before its register of queues is written, and writes it up to a second
        later. A kill in between leaves the queue without a leader for good, confirmed messages included.
        """
        quorum = self._folder / "mnesia" / NODE_NAME / "quorum" / NODE_NAME
        registers = [(quorum / name).read_bytes() for name in ("names.dets", "meta.dets")]
        queues = [path.name.encode() for path in quorum.iterdir() if path.is_dir()]
        return all(queue in register for queue in queues for register in registers)

    async def control(self, *arguments: str) -> str:
        """The output of `rabbitmqctl <arguments>` against this node."""
        command = [_program("rabbitmqctl") or "rabbitmqctl", "--quiet", *arguments]
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self._environment(),
            cwd=self._folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(CONTROL_SECONDS):
                output = (await process.communicate())[0].decode()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.communicate()
            raise
        if process.returncode != 0:
            raise ControlFailed(arguments, output.strip())
        return output

    async def _prepare(self) -> None:
        if not self.is_installed():
            raise NotInstalled("rabbitmq-server is not installed")
        for name in ("mnesia", "log"):
            (self._folder / name).mkdir(mode=0o700, exist_ok=True)
        read_or_create(self._folder / ".erlang.cookie")
        write_private(self._folder / "enabled_plugins", "[].\n")
        # An empty file, so that the machine's own settings of the package are not read.
        write_private(self._folder / "rabbitmq-env.conf", "")
        self._epmd_port, self._distribution_port = free_port(), free_port()

    def _order(self) -> Order:
        write_private(self._folder / "rabbitmq.conf", self._configuration())
        write_private(self._folder / "definitions.json", self._definitions())
        return Order(
            command=[str(_program("rabbitmq-server"))],
            environment=self._environment(),
            folder=str(self._folder),
            log=str(self._log),
            stop=[("SIGTERM", 25.0)],
        )

    def _configuration(self) -> str:
        return (
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n"
            f"load_definitions = {self._folder / 'definitions.json'}\n"
            "log.console = true\n"
            "log.console.level = warning\n"
            "log.file = false\n"
        )

    def _definitions(self) -> str:
        """The limits of the queues, and the user: a node that begins with definitions makes no user of its own."""
        everything = {"vhost": VHOST, "user": USER, "configure": ".*", "write": ".*", "read": ".*"}
        users = [{"name": USER, "password": self._password(), "tags": "administrator"}]
        own = {"vhosts": [{"name": VHOST}], "users": users, "permissions": [everything]}
        return json.dumps({**own, **definitions()})

    def _environment(self) -> dict[str, str]:
        folder = self._folder
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),  # where Erlang looks for its cookie
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_CRASH_DUMP_BYTES": "0",
            # The start script replaces itself with the node, as it does for a service manager: one process to signal.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_NODENAME": NODE_NAME,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(folder / "rabbitmq.pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        }

    async def _answers(self) -> bool:
        # The listener opens last, after all queues have been recovered.
        return await amqp_answers(self.port)

    def _password(self) -> str:
        return read_or_create(self._folder / "rabbitmq.password")


def _program(name: str) -> str | None:
    packaged = PACKAGE_PROGRAMS / name
    return str(packaged) if packaged.exists() else shutil.which(name)
