"""`make chaos`: the distributed stack under load while its parts are killed -9; exits with 1 when anything was lost.

python -m deploy.chaos [--kill services|broker|both] [--seconds 60] [--rate 200]
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvloop

from deploy.api_client import api_client
from deploy.chaos.load import Load
from deploy.chaos.verdict import Verdict, judge
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.local.rabbitmq import RabbitMQNode
from deploy.local.stack import LocalStack, local_stack
from deploy.machine import describe_machine
from deploy.stack_process import free_ports
from deploy.supervision.errors import ServerError

KILL_SECONDS = 1.0
SETTLE_SECONDS = 30.0
"""How long the backlog may take after the last write before what has not arrived counts as lost."""


async def run(kill: str, seconds: float, rate: int, home: Path) -> Verdict:
    environ = {**os.environ, **free_ports(), "TESSERA_HOME": str(home), "RATE_LIMIT_SCALE": "1000", "AMQP_URL": ""}
    async with local_stack(environ) as stack, api_client(f"http://127.0.0.1:{stack.ports.gateway}") as ada:
        load = Load(ada, f"ws://127.0.0.1:{stack.ports.gateway}/ws", rate)
        await load.prepare()
        listening = asyncio.create_task(load.listen())
        while len(load.seen.heard) < len(load.projects):
            await asyncio.sleep(0.05)
        killing = [asyncio.create_task(each) for each in _killers(kill, stack, seconds)]
        await load.write(seconds)
        await asyncio.gather(*killing)
        drained = await _settle(load)
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        _tell(load, drained)
        return judge(load.seen, await load.stored())


def _killers(kill: str, stack: LocalStack, seconds: float) -> list[Coroutine[Any, Any, None]]:
    chosen: list[Coroutine[Any, Any, None]] = []
    if kill in ("services", "both"):
        chosen.append(_kill_services(stack, seconds))
    if kill in ("broker", "both"):
        chosen.append(_kill_broker(stack, seconds))
    return chosen


async def _kill_services(stack: LocalStack, seconds: float) -> None:
    end, kills = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        name = random.choice(list(stack.services))  # noqa: S311 - which one does not matter
        stack.services[name].kill()
        kills += 1
        await asyncio.sleep(KILL_SECONDS)
    say(f"  {kills} kills of services")


async def _kill_broker(stack: LocalStack, seconds: float) -> None:
    """Twice, at one and at two thirds of the time."""
    if not isinstance(stack.broker, RabbitMQNode):
        raise ServerError("the broker is not ours to kill: unset AMQP_URL and install rabbitmq-server")
    for number in (1, 2):
        await asyncio.sleep(seconds / 3)
        await stack.broker.kill()
        away = time.monotonic()
        await stack.broker.start()
        say(f"  RabbitMQ killed ({number}), back after {time.monotonic() - away:.1f} s")


async def _settle(load: Load) -> float:
    """Seconds until everything acknowledged has been heard; SETTLE_SECONDS when it never was."""
    begin = time.monotonic()
    while load.heard_count() < len(load.seen.acknowledged) and not load.seen.broken:
        if time.monotonic() - begin > SETTLE_SECONDS:
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - begin


def _tell(load: Load, drained: float) -> None:
    seen = load.seen
    say(f"  {seen.attempts} attempts for {len(seen.acknowledged)} writes, the slowest took {seen.slowest:.1f} s")
    say(f"  {seen.reconnects} reconnects of the listener, everything heard {drained:.1f} s after the last write")


def main() -> None:
    parser = argparse.ArgumentParser(description="Kill parts of a stack under load and count what was lost.")
    parser.add_argument("--kill", choices=["services", "broker", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=200, help="writes a second")
    chosen = parser.parse_args()
    say(f"{describe_machine()}\nKilling {chosen.kill} for {chosen.seconds:.0f} s under {chosen.rate} writes/s:")
    with tempfile.TemporaryDirectory(prefix="tessera-chaos-") as folder:
        try:
            verdict = uvloop.run(run(chosen.kill, chosen.seconds, chosen.rate, Path(folder)))
        except ServerError as error:
            sys.exit(str(error))
        remove_data(Path(folder) / "postgres")
    say("\n".join(verdict.lines()))
    sys.exit(0 if verdict.is_clean else "something was lost")


if __name__ == "__main__":
    main()
