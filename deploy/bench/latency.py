"""Stored write to live frame: one client writes through the gateway, another one hears it; both on one clock.

python -m deploy.bench.latency [--mode embedded|distributed|both] [--rate 100] [--seconds 20]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.stack_process import DISTRIBUTED, EMBEDDED, StackProcess, stack_process
from shared.testing.live_client import LiveClient

PROJECTS = 8
WARM_UP_WRITES = 200
WRITERS = 16
MODES = {"embedded": EMBEDDED, "distributed": DISTRIBUTED}


class Clock:
    """When each write was begun and answered, and when its event was heard; seconds, by title."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.answered: dict[str, float] = {}
        self.heard: dict[str, float] = {}


async def measure(stack: StackProcess, rate: int, seconds: float) -> Clock:
    async with api_client(stack.url) as ada:
        await ada.register()
        made = [await ada.expect(201, "POST", "/projects", {"name": f"Project {n}"}) for n in range(PROJECTS)]
        projects = [answer.data["id"] for answer in made]
        async with LiveClient(stack.live_url, ada.access_token) as live:
            for project in projects:
                await live.subscribe(f"tasks:{project}")
            await _write(ada, live, projects, WARM_UP_WRITES, rate, Clock())
            return await _write(ada, live, projects, int(rate * seconds), rate, Clock())


async def _write(ada: ApiClient, live: LiveClient, projects: list[str], count: int, rate: int, clock: Clock) -> Clock:
    listening = asyncio.create_task(_listen(live, count, clock))
    begin, numbers = time.perf_counter(), iter(range(count))

    async def writer() -> None:
        for number in numbers:
            await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
            title = str(number)
            clock.begun[title] = time.perf_counter()
            await ada.expect(201, "POST", f"/projects/{projects[number % PROJECTS]}/tasks", {"title": title})
            clock.answered[title] = time.perf_counter()

    async with asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(writer())
    await asyncio.wait_for(listening, 30)
    return clock


async def _listen(live: LiveClient, count: int, clock: Clock) -> None:
    while len(clock.heard) < count:
        event = await live.next()
        clock.heard[event.data["payload"]["title"]] = time.perf_counter()


def _row(name: str, begin: dict[str, float], end: dict[str, float]) -> str:
    times = sorted(1000 * (end[title] - begin[title]) for title in end)
    p99 = times[int(len(times) * 0.99)]
    return f"  {name:<26} p50 {statistics.median(times):6.2f} ms   p99 {p99:6.2f} ms   of {len(times)}"


async def _run(mode: str, rate: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
        settings = {"RATE_LIMIT_SCALE": "1000", "AMQP_URL": ""}
        started = time.perf_counter()
        async with stack_process(MODES[mode], Path(folder), settings) as stack:
            say(f"{mode}, started in {time.perf_counter() - started:.1f} s, {rate} writes/s")
            clock = await measure(stack, rate, seconds)
        remove_data(Path(folder) / "postgres")
    say(_row("request to answer", clock.begun, clock.answered))
    say(_row("request to frame", clock.begun, clock.heard))
    # Negative where the frame overtakes the answer: both leave after the commit, on different ways.
    say(_row("stored write to frame", clock.answered, clock.heard))


def main() -> None:
    parser = argparse.ArgumentParser(description="Time from a stored write to its frame at another client.")
    parser.add_argument("--mode", choices=[*MODES, "both"], default="both")
    parser.add_argument("--rate", type=int, default=100, help="writes a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    chosen = parser.parse_args()
    say(f"{describe_machine()}")
    for mode in MODES if chosen.mode == "both" else [chosen.mode]:
        uvloop.run(_run(mode, chosen.rate, chosen.seconds))


if __name__ == "__main__":
    main()
