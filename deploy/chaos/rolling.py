"""Rolling restarts: two processes of each service, SIGTERM for one after the other, under load and with live clients.

python -m deploy.chaos.rolling [--clients 2000] [--rate 200] [--services auth,project,conversation,realtime]

Requests must not fail. Live clients must hear close code 1012, be back within 10 s and have missed nothing; exits with
1 otherwise.
"""

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import NamedTuple

import aiohttp
import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.bench.fanout import raise_file_limit
from deploy.chaos.balancer import Balancer
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.environment import SERVICES, Ports
from deploy.local.processes import ServiceProcess
from deploy.local.stack import MODULES, LocalStack, local_stack
from deploy.machine import describe_machine
from deploy.stack_process import free_ports
from deploy.supervision.errors import ServerError
from deploy.supervision.ports import free_port
from shared.testing.live_client import LiveClient

PROJECTS_OF_USER = 10  # as many as a free tenant has
CLIENTS_OF_TOPIC = 20
WORKERS = 40
CALM_SECONDS = 2.0  # before and after each restart
BACK_SECONDS = 10.0
RESTARTING = 1012
_OPENED_AT_ONCE = 20


class Project(NamedTuple):
    owner: ApiClient
    id: str

    @property
    def topic(self) -> str:
        return f"tasks:{self.id}"


class Outcome(NamedTuple):
    requests: int
    failures: Counter[str]
    close_codes: Counter[int]
    outages: list[float]
    retry_hints: list[float]
    not_recovered: int
    missed: int
    """Clients that have not heard the last event of their topic, or were told something wrong."""

    @property
    def is_clean(self) -> bool:
        is_told = not set(self.close_codes) - {RESTARTING}
        is_back = max(self.outages, default=0.0) <= BACK_SECONDS
        return not self.failures and is_told and is_back and not self.not_recovered and not self.missed

    def lines(self) -> list[str]:
        failed = ", ".join(f"{name} {count}" for name, count in self.failures.items())
        codes = ", ".join(f"{code}: {count}" for code, count in self.close_codes.items())
        return [
            f"  {self.requests} requests, {self.failures.total()} failed {failed}",
            f"  {self.close_codes.total()} connections closed ({codes}), back after {_spread(self.outages)} s"
            f" as asked to after {_spread(self.retry_hints)} s",
            f"  {self.not_recovered} not recovered, {self.missed} clients missed something",
        ]


class Load:
    """Reads and writes of all services, at a rate; nothing is asked twice."""

    def __init__(self, projects: Sequence[Project], rate: int) -> None:
        self.requests = 0
        self.failures: Counter[str] = Counter()
        self._projects = projects
        self._rate = rate
        self._is_over = False

    def end(self) -> None:
        """With what is under way: a write whose answer nobody waits for would be news after the judgement."""
        self._is_over = True

    async def run(self) -> None:
        """Until `end`."""
        numbers, begin = itertools.count(), time.monotonic()

        async def work() -> None:
            for number in numbers:
                await asyncio.sleep(begin + number / self._rate - time.monotonic())
                if self._is_over:
                    return
                await self._ask(number)

        async with asyncio.TaskGroup() as group:
            for _ in range(WORKERS):
                group.create_task(work())

    async def _ask(self, number: int) -> None:
        """Every write is heard live; a request in eight is for another service."""
        project = self._projects[number % len(self._projects)]
        asked = {3: ("GET", "/auth/me"), 7: ("GET", "/conversations")}
        method, path = asked.get(number % 8, ("POST", f"/projects/{project.id}/tasks"))
        self.requests += 1
        try:
            answer = await project.owner.call(method, path, {"title": str(number)} if method == "POST" else None)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.failures[f"{path.split('/')[1]} {type(error).__name__}"] += 1
        else:
            if answer.status >= 400:
                self.failures[f"{path.split('/')[1]} {answer.status}"] += 1


async def run(clients: int, rate: int, services: Sequence[str], home: Path) -> Outcome:
    async with AsyncExitStack() as opened:
        stack, replicas = await _two_of_each(opened, home)
        url = f"http://127.0.0.1:{stack.ports.gateway}"
        projects = await _projects(opened, url, -(-clients // CLIENTS_OF_TOPIC))
        live = [_client(url, project) for project in itertools.islice(itertools.cycle(projects), clients)]
        await _open(opened, live)
        load = Load(projects, rate)
        loading = asyncio.create_task(load.run())
        for name in services:
            await _roll(name, (stack.services[name], replicas[name]), load, live)
        await asyncio.sleep(CALM_SECONDS)
        load.end()
        await loading
        return await _judge(load, url, projects, live)


async def _two_of_each(opened: AsyncExitStack, home: Path) -> tuple[LocalStack, dict[str, ServiceProcess]]:
    """The stack, and a second process of each service; the gateway reaches them through balancers."""
    environ = {
        **os.environ,
        **free_ports(),
        "TESSERA_HOME": str(home),
        "RATE_LIMIT_SCALE": "100000",
        "LIVE_QUOTA_SCALE": "1000",
    }
    first, seconds = Ports.from_environment(environ), {name: free_port() for name in SERVICES}
    for name, second in seconds.items():
        port = free_port()
        environ[f"{name.upper()}_URL"] = f"http://127.0.0.1:{port}"
        await opened.enter_async_context(Balancer(port, (first.of(name), second)))
    stack, replicas = await opened.enter_async_context(local_stack(environ)), dict[str, ServiceProcess]()
    for name, second in seconds.items():
        replicas[name] = ServiceProcess(MODULES[name], second, stack.environ, home / f"{name}2.log")
        opened.push_async_callback(replicas[name].stop)
    await asyncio.gather(*(replica.start() for replica in replicas.values()))
    return stack, replicas


async def _projects(opened: AsyncExitStack, url: str, number: int) -> list[Project]:
    made: list[Project] = []
    while len(made) < number:
        owner = await opened.enter_async_context(api_client(url))
        await owner.register()
        for index in range(min(PROJECTS_OF_USER, number - len(made))):
            answer = await owner.expect(201, "POST", "/projects", {"name": f"Project {index}"})
            made.append(Project(owner, answer.data["id"]))
    return made


def _client(url: str, project: Project) -> LiveClient:
    client = LiveClient(url.replace("http", "ws") + "/ws", project.owner.access_token)
    client.follow(project.topic)
    return client


async def _open(opened: AsyncExitStack, clients: list[LiveClient]) -> None:
    """A few at a time."""
    for first in range(0, len(clients), _OPENED_AT_ONCE):
        some = clients[first : first + _OPENED_AT_ONCE]
        for client in some:
            await opened.enter_async_context(client)
        await asyncio.gather(*(client.answered() for client in some))


async def _roll(name: str, processes: Sequence[ServiceProcess], load: Load, clients: list[LiveClient]) -> None:
    """One after the other; the next one leaves when everybody is back."""
    requests, failures = load.requests, load.failures.copy()
    for process in processes:
        await asyncio.sleep(CALM_SECONDS)
        await process.restart()
        await _until(lambda: all(client.is_connected for client in clients), BACK_SECONDS)
    await asyncio.sleep(CALM_SECONDS)
    say(f"  {name}: {load.requests - requests} requests meanwhile, failed: {dict(load.failures - failures)}")


async def _judge(load: Load, url: str, projects: Sequence[Project], clients: list[LiveClient]) -> Outcome:
    """What happened in the topics is what somebody who comes now is told about their places."""
    truth: dict[str, tuple[str, int] | None] = {}
    for project in projects:
        async with _client(url, project) as fresh:
            await fresh.answered()
            truth[project.topic] = fresh.position(project.topic)

    def behind() -> int:
        return sum(any(client.position(topic) != truth[topic] for topic in client.topics) for client in clients)

    await _until(lambda: behind() == 0, BACK_SECONDS)
    answers = [answer for client in clients for answer in client.recoveries[1:]]
    return Outcome(
        load.requests,
        load.failures,
        Counter(code for client in clients for code in client.close_codes),
        [seconds for client in clients for seconds in client.outages],
        [seconds for client in clients for seconds in client.retry_hints],
        sum(not answer.recovered for answer in answers),
        behind(),
    )


async def _until(condition: Callable[[], bool], seconds: float) -> None:
    """Or until the time is over."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        await asyncio.sleep(0.05)


def _spread(seconds: list[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f}" if seconds else "-"


def main() -> None:
    parser = argparse.ArgumentParser(description="Restart services one process after the other, under load.")
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=200, help="requests a second")
    parser.add_argument("--services", default=",".join(SERVICES))
    chosen = parser.parse_args()
    raise_file_limit()
    say(f"{describe_machine()}\n{chosen.clients} live clients, {chosen.rate} requests/s, two processes of each service")
    with tempfile.TemporaryDirectory(prefix="tessera-rolling-") as folder:
        try:
            outcome = uvloop.run(run(chosen.clients, chosen.rate, chosen.services.split(","), Path(folder)))
        except ServerError as error:
            sys.exit(str(error))
        remove_data(Path(folder) / "postgres")
    say("\n".join(outcome.lines()))
    sys.exit(0 if outcome.is_clean else 1)


if __name__ == "__main__":
    main()
