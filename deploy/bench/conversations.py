"""What a message costs in conversations and chats of 10, 1,000 and 5,000: appended, listed, read as a branch.

python -m deploy.bench.conversations [--rounds 200]; exits with 1 when appending or listing grows with what was said.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.stack_process import EMBEDDED, stack_process

SIZES = (10, 1_000, 5_000)
GOAL_RATIO = 1.2

Asked = Callable[[], Awaitable[Any]]


class Place(NamedTuple):
    """Where things are said: the path of its list, what begins one, and what is said there besides its content."""

    path: str
    beginning: dict[str, Any]
    saying: dict[str, Any]


CONVERSATION = Place("/conversations", {"title": "Grown"}, {"role": "user"})
CHAT = Place("/chats", {"kind": "group", "title": "Grown"}, {})


async def measure(ada: ApiClient, place: Place, rounds: int) -> bool:
    """Rounds of all sizes take turns, so that a busy moment of the machine meets them alike."""
    say(f"{place.path}:")
    grown = {size: await _grown(ada, place, size) for size in SIZES}
    body = {**place.saying, "content": "What is left to do this week?"}

    def append(path: str) -> Asked:
        return lambda: ada.expect(201, "POST", path, body)

    def newest(path: str) -> Asked:
        return lambda: ada.expect(200, "GET", f"{path}?order=desc&limit=20")

    def oldest(path: str) -> Asked:
        return lambda: ada.expect(200, "GET", f"{path}?limit=20")

    kinds: dict[str, Callable[[str], Asked]] = {"append": append, "list, newest 20": newest, "list, oldest 20": oldest}
    if place is CONVERSATION:
        kinds["branch, newest 20"] = await _branch(ada, grown.values())
    results = [
        await _compare(name, {size: make(path) for size, path in grown.items()}, rounds) for name, make in kinds.items()
    ]
    return all(ratio <= GOAL_RATIO for ratio in results)


async def _branch(ada: ApiClient, paths: Iterable[str]) -> Callable[[str], Asked]:
    leaves = {path: await _newest(ada, path) for path in paths}
    return lambda path: lambda: ada.expect(200, "GET", f"{path}?branch={leaves[path]}&order=desc&limit=20")


async def _compare(name: str, asked: dict[int, Asked], rounds: int) -> float:
    times: dict[int, list[float]] = {size: [] for size in asked}
    for number in range(rounds + 10):
        for size, ask in random.sample(list(asked.items()), len(asked)):
            begin = time.perf_counter()
            await ask()
            if number >= 10:  # the first ones warm up
                times[size].append(time.perf_counter() - begin)
    medians = {size: 1000 * statistics.median(seconds) for size, seconds in times.items()}
    ratio = medians[SIZES[-1]] / medians[SIZES[0]]
    shown = "   ".join(f"{size:>5}: {median:6.2f} ms" for size, median in medians.items())
    say(f"  {name:<18} {shown}   ratio {ratio:.2f}")
    return ratio


async def _grown(ada: ApiClient, place: Place, size: int) -> str:
    """The path of so many messages."""
    begun = (await ada.expect(201, "POST", place.path, place.beginning)).data["id"]
    path = f"{place.path}/{begun}/messages"
    for number in range(size):
        await ada.expect(201, "POST", path, {**place.saying, "content": f"Message {number}"})
    return path


async def _newest(ada: ApiClient, path: str) -> str:
    answer = await ada.expect(200, "GET", f"{path}?order=desc&limit=1")
    newest: str = answer.body["items"][0]["id"]
    return newest


async def _run(rounds: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
        settings = {"RATE_LIMIT_SCALE": "10000"}
        async with stack_process(EMBEDDED, Path(folder), settings) as stack, api_client(stack.url) as ada:
            await ada.register()
            results = [await measure(ada, place, rounds) for place in (CONVERSATION, CHAT)]
        remove_data(Path(folder) / "postgres")
    return all(results)


def main() -> None:
    parser = argparse.ArgumentParser(description="What a message costs where little and where much was said.")
    parser.add_argument("--rounds", type=int, default=200)
    chosen = parser.parse_args()
    say(f"{describe_machine()}")
    sys.exit(0 if uvloop.run(_run(chosen.rounds)) else "a message costs more where much was said")


if __name__ == "__main__":
    main()
