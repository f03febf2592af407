"""Readers of answers that hang up at random moments and come back: do they end with what an undisturbed one reads?

python -m deploy.chaos.runs [--count 200]; exits with 1 when one of them does not, byte by byte.
"""

import argparse
import asyncio
import os
import random
import sys
import tempfile
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import aiohttp
import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.stack_process import DISTRIBUTED, stack_process
from shared.testing.llm_server import llm_server
from shared.testing.run_stream import read_with_cuts

READERS = 10
MODEL = "steady:60:15"  # sixty words in about a second


async def run(url: str, count: int, chance: random.Random) -> tuple[int, int]:
    """How many readers ended with other bytes, and how often a line was cut."""
    wrong, cuts, numbers = 0, 0, iter(range(count))

    async def reader() -> None:
        nonlocal wrong, cuts
        async with api_client(url) as ada:  # an account has few answers at once
            await ada.register()
            for _ in numbers:
                is_same, its_cuts = await _episode(ada, chance)
                wrong += not is_same
                cuts += its_cuts

    async with asyncio.TaskGroup() as group:
        for _ in range(READERS):
            group.create_task(reader())
    return wrong, cuts


async def _episode(ada: ApiClient, chance: random.Random) -> tuple[bool, int]:
    conversation = (await ada.expect(201, "POST", "/conversations", {"title": "Cut"})).data["id"]
    identity = {"Authorization": f"Bearer {ada.access_token}"}
    completions = f"{ada.url}/api/v1/conversations/{conversation}/completions"
    async with aiohttp.ClientSession(headers=identity) as session:
        body = {"content": "Go on", "model": MODEL, "stream": True}
        async with session.post(completions, json=body) as answer:
            begin = await answer.content.readuntil(b"\n\n")
            answer.close()
        run_id = begin.partition(b'"run_id":"')[2][:36].decode()
        stream = f"{ada.url}/api/v1/conversations/{conversation}/runs/{run_id}/stream"

        def open_stream(last_id: str | None) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
            return session.get(stream, headers={} if last_id is None else {"Last-Event-ID": last_id})

        read, cuts = await read_with_cuts(open_stream, chance)
        async with session.get(stream) as whole:
            return read == await whole.read(), cuts


async def _run(count: int) -> tuple[int, int]:
    with tempfile.TemporaryDirectory(prefix="tessera-runs-") as folder:
        async with llm_server(MODEL) as llm:
            settings = {"RATE_LIMIT_SCALE": "1000", "LLM_BASE_URL": llm.url, "AMQP_URL": os.environ.get("AMQP_URL", "")}
            async with stack_process(DISTRIBUTED, Path(folder), settings) as stack:
                result = await run(stack.url, count, random.Random())  # noqa: S311 - any moment will do
        remove_data(Path(folder) / "postgres")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description="Cut readers of answers off at random and compare what they got.")
    parser.add_argument("--count", type=int, default=200, help="answers")
    count = parser.parse_args().count
    say(f"{describe_machine()}")
    wrong, cuts = uvloop.run(_run(count))
    say(f"  {count} answers, {cuts} cuts, {wrong} readers ended with other bytes")
    sys.exit(0 if wrong == 0 else "a resumed answer is not the same")


if __name__ == "__main__":
    main()
