"""Finding a RabbitMQ and a Redis for tests and local runs: a reachable one, a private one, or none and what to do."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deploy.local import apt
from deploy.local.docker import RabbitMQContainer, RedisContainer, can_run_containers
from deploy.local.probes import is_reachable
from deploy.local.rabbitmq import RabbitMQNode
from deploy.local.redis import RedisNode
from deploy.supervision.errors import NotInstalled
from deploy.supervision.private import make_private


class Server(Protocol):
    @property
    def url(self) -> str: ...


@dataclass(frozen=True)
class ReachableServer:
    """Somebody else's: it is not ours to stop, kill or empty."""

    url: str


class NoServer(NotInstalled):
    def __init__(self, package: str, variable: str, folder: Path) -> None:
        super().__init__(
            f"no {package} for this run: set {variable} to one that is reachable, "
            f"install the package {package} (as root on Debian or Ubuntu this happens by itself), or start Docker; "
            f"what apt-get and Docker said is in {folder}"
        )


@asynccontextmanager
async def broker(folder: Path) -> AsyncIterator[Server]:
    """A running RabbitMQ: the one at AMQP_URL, or a RabbitMQNode or RabbitMQContainer of our own in `folder`."""
    if (theirs := await _reachable("AMQP_URL")) is not None:
        yield theirs
        return
    private = await _can_run(RabbitMQNode, "rabbitmq-server", "AMQP_URL", folder)
    async with RabbitMQNode(folder) if private else RabbitMQContainer(folder) as node:
        yield node


@asynccontextmanager
async def cache(folder: Path) -> AsyncIterator[Server]:
    """A running Redis: the one at REDIS_URL, or a RedisNode or RedisContainer of our own in `folder`."""
    if (theirs := await _reachable("REDIS_URL")) is not None:
        yield theirs
        return
    private = await _can_run(RedisNode, "redis-server", "REDIS_URL", folder)
    async with RedisNode(folder) if private else RedisContainer(folder) as node:
        yield node


async def _reachable(variable: str) -> ReachableServer | None:
    url = os.environ.get(variable)
    return ReachableServer(url) if url and await is_reachable(url) else None


async def _can_run(node: type[RabbitMQNode | RedisNode], package: str, variable: str, folder: Path) -> bool:
    """True: as a private node, after an installation if need be. False: as a container. Raises NoServer."""
    make_private(folder)
    if not node.is_installed() and apt.can_install():
        # Without a network there may still be Docker.
        with suppress(apt.InstallFailed):
            await apt.install(package, folder / "apt.log")
    if node.is_installed():
        return True
    if await can_run_containers(folder / "docker.log"):
        return False
    raise NoServer(package, variable, folder)
