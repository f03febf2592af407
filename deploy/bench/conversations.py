"""What a message costs in a conversation of 10, 1,000 and 5,000: appended, listed at its end, read as a branch.

python -m deploy.bench.conversations [--rounds 200]; exits with 1 when appending or listing grows with the conversation.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.stack_process import EMBEDDED, stack_process

SIZES = (10, 1_000, 5_000)
GOAL_RATIO = 1.2

Asked = Callable[[], Awaitable[Any]]


async def measure(ada: ApiClient, rounds: int) -> bool:
    """Rounds of all sizes take turns, so that a busy moment of the machine meets them alike."""
    conversations = {size: await _grown(ada, size) for size in SIZES}
    leaves = {path: await _newest(ada, path) for path in conversations.values()}
    body = {"role": "user", "content": "What is left to do this week?"}

    def append(path: str) -> Asked:
        return lambda: ada.expect(201, "POST", f"{path}/messages", body)

    def newest(path: str) -> Asked:
        return lambda: ada.expect(200, "GET", f"{path}/messages?order=desc&limit=20")

    def oldest(path: str) -> Asked:
        return lambda: ada.expect(200, "GET", f"{path}/messages?limit=20")

    def branch(path: str) -> Asked:
        return lambda: ada.expect(200, "GET", f"{path}/messages?branch={leaves[path]}&order=desc&limit=20")

    kinds = {"append": append, "list, newest 20": newest, "list, oldest 20": oldest, "branch, newest 20": branch}
    results = [
        await _compare(name, {size: make(path) for size, path in conversations.items()}, rounds)
        for name, make in kinds.items()
    ]
    return all(ratio <= GOAL_RATIO for ratio in results)


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


async def _grown(ada: ApiClient, size: int) -> str:
    """The path of a conversation of so many messages."""
    conversation = (await ada.expect(201, "POST", "/conversations", {"title": "Grown"})).data["id"]
    for number in range(size):
        body = {"role": "user", "content": f"Message {number}"}
        await ada.expect(201, "POST", f"/conversations/{conversation}/messages", body)
    return f"/conversations/{conversation}"


async def _newest(ada: ApiClient, path: str) -> str:
    answer = await ada.expect(200, "GET", f"{path}/messages?order=desc&limit=1")
    newest: str = answer.body["items"][0]["id"]
    return newest


async def _run(rounds: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
        settings = {"RATE_LIMIT_SCALE": "10000"}
        async with stack_process(EMBEDDED, Path(folder), settings) as stack, api_client(stack.url) as ada:
            is_flat = await measure(await ada.register(), rounds)
        remove_data(Path(folder) / "postgres")
    return is_flat


def main() -> None:
    parser = argparse.ArgumentParser(description="What a message costs in short and in long conversations.")
    parser.add_argument("--rounds", type=int, default=200)
    chosen = parser.parse_args()
    say(f"{describe_machine()}")
    sys.exit(0 if uvloop.run(_run(chosen.rounds)) else "a message costs more in a long conversation")


if __name__ == "__main__":
    main()
