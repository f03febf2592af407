"""Ten thousand clients that hang up at random moments: how soon is the database pool idle again?

python -m deploy.chaos.hangups [--count 10000]; exits with 1 when it takes more than a second.
"""

import argparse
import asyncio
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.stack_process import EMBEDDED, StackProcess, stack_process

CLIENTS = 50
LONGEST_STAY_SECONDS = 0.05  # some leave before their request is read, some in the middle, some after the answer
GOAL_SECONDS = 1.0
_BUSY = re.compile(r'^tessera_db_pool_connections\{pool="project\w*",state="(?:in_use|waiting)"\} ([\d.]+)$', re.M)


async def run(stack: StackProcess, count: int) -> float:
    """Seconds until no connection of the pool was in use or waited for, after the last hang-up."""
    async with api_client(stack.url) as ada, aiohttp.ClientSession(stack.service_url(1)) as metrics:
        await ada.register()
        project = (await ada.expect(201, "POST", "/projects", {"name": "Apollo"})).data["id"]
        request = _request(ada, f"/api/v1/projects/{project}/tasks")
        numbers = iter(range(count))
        async with asyncio.TaskGroup() as group:
            for _ in range(CLIENTS):
                group.create_task(_hang_up(stack, request, numbers))
        begin = time.monotonic()
        while await _busy(metrics) > 0 and time.monotonic() - begin < 10 * GOAL_SECONDS:
            await asyncio.sleep(0.01)
        idle_after = time.monotonic() - begin
        stored = (await ada.expect(200, "GET", f"/projects/{project}/tasks?page_size=1")).body["total"]
        say(f"  {count} hang-ups, {stored} of the writes were done, {count - stored} were not")
        return idle_after


def _request(ada: ApiClient, path: str) -> bytes:
    body = b'{"title": "Gone"}'
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {ada.access_token}"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


async def _hang_up(stack: StackProcess, request: bytes, numbers: Iterator[int]) -> None:
    address = urlsplit(stack.url)
    for _ in numbers:
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request)
        await asyncio.sleep(random.uniform(0, LONGEST_STAY_SECONDS))  # noqa: S311 - any moment will do
        writer.transport.abort()


async def _busy(metrics: aiohttp.ClientSession) -> float:
    async with metrics.get("/metrics") as answer:
        return sum(float(count) for count in _BUSY.findall(await answer.text()))


async def _run(count: int) -> float:
    with tempfile.TemporaryDirectory(prefix="tessera-hangups-") as folder:
        async with stack_process(EMBEDDED, Path(folder), {"RATE_LIMIT_SCALE": "1000"}) as stack:
            idle_after = await run(stack, count)
        remove_data(Path(folder) / "postgres")
    return idle_after


def main() -> None:
    parser = argparse.ArgumentParser(description="Hang up on the stack and see whether its pool recovers.")
    parser.add_argument("--count", type=int, default=10_000)
    count = parser.parse_args().count
    say(f"{describe_machine()}")
    idle_after = uvloop.run(_run(count))
    say(f"  the pool of project-service was idle {idle_after:.2f} s after the last one")
    sys.exit(0 if idle_after <= GOAL_SECONDS else "the pool did not recover in time")


if __name__ == "__main__":
    main()
