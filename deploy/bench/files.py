"""Projects of few and of many files: what listing, opening and writing cost in each, and the ratio.

python -m deploy.bench.files [--files 10000] [--requests 200] [--settle 75]
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.stack_process import EMBEDDED, stack_process

FEW = 10
BATCH = 1000
Call = Callable[[], Awaitable[object]]


async def _project(ada: ApiClient, count: int) -> dict[str, Call]:
    """What is measured, by name, in a project of `count` files."""
    project = (await ada.expect(201, "POST", "/projects", {"name": f"{count} files"})).data["id"]
    path = f"/projects/{project}/files"
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        files = [{"path": f"src/{n % 97}/{n}.py", "content": f"print({n})\n" * 20} for n in numbers]
        await ada.expect(200, "PUT", path, {"files": files})
    page = await ada.expect(200, "GET", f"{path}?page_size={FEW}")
    middle = await ada.expect(200, "GET", f"{path}?page_size={FEW}&page={max(1, count // FEW // 2)}")
    cursor, file = middle.body["next_cursor"], page.body["items"][0]
    newest, written = page.body["meta"]["version"], iter(range(1_000_000))

    async def write() -> None:
        content = f"{next(written)}"
        await ada.expect(200, "PUT", path, {"files": [{"path": file["path"], "content": content}]})

    deep = f"&cursor={cursor}" if cursor else ""
    return {
        "list a page": lambda: ada.expect(200, "GET", f"{path}?page_size={FEW}"),
        "list a page from the middle": lambda: ada.expect(200, "GET", f"{path}?page_size={FEW}{deep}"),
        "open a file": lambda: ada.expect(200, "GET", f"{path}/{file['id']}"),
        "write a file": write,
        "compare two versions": lambda: ada.expect(200, "GET", f"/projects/{project}/versions/{newest + 1}/diff"),
    }


async def _measure(ada: ApiClient, count: int, requests: int, settle: float) -> None:
    few, many = await _project(ada, FEW), await _project(ada, count)
    await asyncio.sleep(settle)
    say(f"  {'median, one request at a time':<34} {FEW:>8} {count:>8}   ratio")
    for name in few:
        small, large = await _alternately(few[name], many[name], requests)
        say(f"  {name:<34} {small * 1000:5.2f} ms {large * 1000:5.2f} ms   {large / small:5.2f}")


async def _alternately(one: Call, other: Call, requests: int) -> tuple[float, float]:
    """In turns, so that whatever else the machine does falls on both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(requests):
        for call, taken in zip((one, other), times, strict=True):
            started = time.perf_counter()
            await call()
            taken.append(time.perf_counter() - started)
    return statistics.median(times[0]), statistics.median(times[1])


async def _run(count: int, requests: int, settle: float) -> None:
    say(describe_machine())
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
        settings = {"RATE_LIMIT_SCALE": "1000"}
        async with stack_process(EMBEDDED, Path(folder), settings) as stack, api_client(stack.url) as ada:
            await ada.register()
            await _measure(ada, count, requests, settle)
        await asyncio.to_thread(remove_data, Path(folder) / "postgres")


def main() -> None:
    parser = argparse.ArgumentParser(description="What a project's size does to the time of each request.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--settle", type=float, default=75.0, help="seconds: autovacuum looks at new rows every minute")
    chosen = parser.parse_args()
    uvloop.run(_run(chosen.files, chosen.requests, chosen.settle))


if __name__ == "__main__":
    main()
