"""Stored write to live frame: one client writes through the gateway, another one hears it; both on one clock.

python -m deploy.bench.latency [--mode embedded|distributed|both] [--rate 100] [--seconds 20] [--connections 2000]

`--connections`: that many more clients through the gateway. One in ten follows the tasks that are written, so that each
event goes to a share of them; the others follow what stays quiet.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.bench.fanout import raise_file_limit
from deploy.bench.listeners import Orders, listeners
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.stack_process import DISTRIBUTED, EMBEDDED, StackProcess, stack_process
from shared.testing.live_client import LiveClient

PROJECTS = 8
WARM_UP_WRITES = 200
WRITERS = 16
LISTENING = 10  # of so many connections one hears the writes
MODES = {"embedded": EMBEDDED, "distributed": DISTRIBUTED}


class Clock:
    """When each write was begun and answered, and when its event was heard; seconds, by title."""

    def __init__(self) -> None:
        self.begun: dict[str, float] = {}
        self.answered: dict[str, float] = {}
        self.heard: dict[str, float] = {}


async def measure(stack: StackProcess, rate: int, seconds: float, connections: int) -> Clock:
    async with api_client(stack.url) as ada:
        await ada.register()
        made = [await ada.expect(201, "POST", "/projects", {"name": f"Project {n}"}) for n in range(PROJECTS)]
        projects = [answer.data["id"] for answer in made]
        orders = Orders(int(stack.environ["TESSERA_GATEWAY_PORT"]), ada.access_token, _topics(projects, connections))
        async with LiveClient(stack.live_url, ada.access_token) as live, listeners(orders) as crowd:
            for project in projects:
                await live.subscribe(f"tasks:{project}")
            await _write(ada, live, projects, WARM_UP_WRITES, rate, Clock())
            clock = await _write(ada, live, projects, int(rate * seconds), rate, Clock())
        if connections:
            say(f"  the others heard {crowd.events} events")
        return clock


def _topics(projects: list[str], connections: int) -> list[str]:
    kinds = ["tasks" if number % LISTENING == 0 else "files" for number in range(connections)]
    return [f"{kind}:{projects[number // LISTENING % PROJECTS]}" for number, kind in enumerate(kinds)]


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


async def _run(mode: str, rate: int, seconds: float, connections: int) -> None:
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
        settings = {"RATE_LIMIT_SCALE": "1000", "LIVE_QUOTA_SCALE": "1000", "AMQP_URL": ""}
        started = time.perf_counter()
        async with stack_process(MODES[mode], Path(folder), settings) as stack:
            begun = f"{mode}, started in {time.perf_counter() - started:.1f} s"
            say(f"{begun}, {rate} writes/s, {connections} more connections")
            clock = await measure(stack, rate, seconds, connections)
        remove_data(Path(folder) / "postgres")
    say(_row("request to answer", clock.begun, clock.answered))
    say(_row("request to frame", clock.begun, clock.heard))
    # Negative where the frame overtakes the answer: both leave after the commit, on different ways.
    say(_row("answer to frame", clock.answered, clock.heard) + "   (goals 6 and 25)")


def main() -> None:
    parser = argparse.ArgumentParser(description="Time from a stored write to its frame at another client.")
    parser.add_argument("--mode", choices=[*MODES, "both"], default="both")
    parser.add_argument("--rate", type=int, default=100, help="writes a second")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--connections", type=int, default=0, help="other live clients, in a process of their own")
    chosen = parser.parse_args()
    raise_file_limit()
    say(f"{describe_machine()}")
    for mode in MODES if chosen.mode == "both" else [chosen.mode]:
        uvloop.run(_run(mode, chosen.rate, chosen.seconds, chosen.connections))


if __name__ == "__main__":
    main()
