"""A receiver of webhooks while project-service is killed -9 again and again: is everything told, in order, and signed?

python -m deploy.chaos.webhooks [--seconds 20]; exits with 1 when anything was lost, out of order or did not verify.
Once the receiver answers 500 for a while. A delivery that a kill interrupts comes again when its lease has run out.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import aiohttp
import uvloop
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.local.processes import ServiceProcess
from deploy.local.stack import local_stack
from deploy.machine import describe_machine
from deploy.stack_process import free_ports
from deploy.supervision.errors import ServerError
from deploy.supervision.ports import free_port

WRITERS = 8
STATUSES = ("in_progress", "blocked", "done")
KILL_SECONDS = 3.0  # time enough to come up and take something in hand
FAILING_SECONDS = 3.0  # shorter than the first retry's delay, so that no delivery has to wait for the second
LONGEST_ANSWER_SECONDS = 0.2
RETRY_SECONDS = 0.1
SETTLE_SECONDS = 90.0
"""Two leases and more: what has not come by then counts as lost."""


class Verdict(NamedTuple):
    told: int
    repeated: int
    lost: int
    out_of_order: int
    unverified: int
    ids_with_two_bodies: int

    @property
    def is_clean(self) -> bool:
        return not any(self[2:])


class Receiver:
    """What was taken, in order of arrival: the versions of each task, and the bodies of each id."""

    def __init__(self) -> None:
        self.secret = ""
        self.fails = False
        self.unverified = 0
        self.versions: defaultdict[str, list[int]] = defaultdict(list)
        self.taken: Counter[str] = Counter()
        self.bodies: defaultdict[str, set[bytes]] = defaultdict(set)

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        await asyncio.sleep(random.uniform(0, LONGEST_ANSWER_SECONDS))  # noqa: S311 - so that kills meet deliveries
        if self.fails:
            return web.Response(status=500)
        try:
            content = Webhook(self.secret).verify(body, dict(request.headers))
        except (WebhookVerificationError, ValueError):
            self.unverified += 1
            return web.Response(status=400)
        message_id = request.headers["webhook-id"]
        if not self.taken[message_id]:
            self.versions[content["data"]["entity_id"]].append(content["data"]["version"])
        self.taken[message_id] += 1
        self.bodies[message_id].add(body)
        return web.Response(status=204)

    def judge(self, written: set[str]) -> Verdict:
        expected = list(range(1, len(STATUSES) + 2))
        return Verdict(
            told=len(self.taken),
            repeated=sum(count - 1 for count in self.taken.values()),
            lost=sum(len(set(expected) - set(self.versions[task])) for task in written),
            out_of_order=sum(self.versions[task] != sorted(self.versions[task]) for task in written),
            unverified=self.unverified,
            ids_with_two_bodies=sum(len(bodies) > 1 for bodies in self.bodies.values()),
        )


async def run(seconds: float, home: Path) -> Verdict:
    receiver, port = Receiver(), free_port()
    environ = {
        **os.environ,
        **free_ports(),
        "TESSERA_HOME": str(home),
        "RATE_LIMIT_SCALE": "1000",
        "AMQP_URL": "",
        "OUTBOUND_ALLOW": f"127.0.0.1:{port}",
    }
    async with (
        _serving(receiver, port),
        local_stack(environ) as stack,
        api_client(f"http://127.0.0.1:{stack.ports.gateway}") as ada,
    ):
        await ada.register()
        project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
        hook = {"url": f"http://127.0.0.1:{port}/", "events": ["task.*"], "project_id": project}
        receiver.secret = (await ada.expect(201, "POST", "/webhooks", hook)).data["secret"]
        end = time.monotonic() + seconds
        written: set[str] = set()
        await asyncio.gather(
            _kill(stack.services["project"], end),
            _fail(receiver, seconds),
            *(_write(ada, project, end, written) for _ in range(WRITERS)),
        )
        await _settle(receiver, written)
        return receiver.judge(written)


@asynccontextmanager
async def _serving(receiver: Receiver, port: int) -> AsyncIterator[None]:
    app = web.Application()
    app.router.add_post("/", receiver.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def _write(ada: ApiClient, project: str, end: float, written: set[str]) -> None:
    """Tasks that go through all statuses, each write repeated until it is acknowledged."""
    while time.monotonic() < end:
        title = f"Task {uuid4()}"
        task_id = await _until_done(ada, 201, "POST", f"/projects/{project}/tasks", {"title": title}, title)
        for status in STATUSES:
            await _until_done(ada, 200, "PATCH", f"/projects/{project}/tasks/{task_id}", {"status": status}, title)
        written.add(task_id)


async def _until_done(ada: ApiClient, status: int, method: str, path: str, body: dict[str, str], key: str) -> str:
    while True:
        with suppress(aiohttp.ClientError, TimeoutError):
            answer = await ada.call(method, path, body, headers={"Idempotency-Key": key})
            if answer.status == status:
                done: str = answer.data["id"]
                return done
        await asyncio.sleep(RETRY_SECONDS)


async def _kill(service: ServiceProcess, end: float) -> None:
    kills = 0
    while time.monotonic() < end:
        await asyncio.sleep(KILL_SECONDS)
        service.kill()
        kills += 1
    say(f"  {kills} kills of project-service")


async def _fail(receiver: Receiver, seconds: float) -> None:
    await asyncio.sleep(seconds / 2)
    receiver.fails = True
    await asyncio.sleep(FAILING_SECONDS)
    receiver.fails = False


async def _settle(receiver: Receiver, written: set[str]) -> None:
    begin = time.monotonic()
    while receiver.judge(written).lost and time.monotonic() - begin < SETTLE_SECONDS:
        await asyncio.sleep(0.1)
    say(f"  {len(written)} tasks, everything told {time.monotonic() - begin:.1f} s after the last write")


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill project-service while it delivers to a webhook.")
    parser.add_argument("--seconds", type=float, default=20.0)
    seconds = parser.parse_args().seconds
    say(f"{describe_machine()}\nKilling project-service for {seconds:.0f} s while it delivers to a webhook:")
    with tempfile.TemporaryDirectory(prefix="tessera-chaos-") as folder:
        try:
            verdict = uvloop.run(run(seconds, Path(folder)))
        except ServerError as error:
            sys.exit(str(error))
        remove_data(Path(folder) / "postgres")
    say("\n".join(f"  {name.replace('_', ' '):<20} {value}" for name, value in verdict._asdict().items()))
    sys.exit(0 if verdict.is_clean else "something was lost")


if __name__ == "__main__":
    main()
