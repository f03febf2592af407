"""Fifty answers at once, thirty words a second each, through the gateway: how late is a word, and what does it cost?

python -m deploy.bench.completions [--streams 50] [--rate 30] [--seconds 20]; the model is a server of ours in a
process of its own, whose words carry the moment when they were sent.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import aiohttp
import msgspec
import uvloop

from deploy.api_client import ApiClient, api_client
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.stack_process import EMBEDDED, StackProcess, stack_process
from shared.testing.llm_server import llm_server

PATIENCE = aiohttp.ClientTimeout(total=None, sock_read=30)


class Heard(NamedTuple):
    """Seconds from the model's word to the client's, of the first word and of the others."""

    first: list[float]
    others: list[float]
    failed: list[str]
    """The last line of each answer that was not written to its end."""


async def measure(stack: StackProcess, streams: int, rate: int, seconds: float) -> Heard:
    heard = Heard([], [], [])
    async with api_client(stack.url) as ada:
        await ada.register()
        begun = [await ada.expect(201, "POST", "/conversations", {"title": str(n)}) for n in range(streams)]
        model = f"timed:{int(rate * seconds)}:{1000 / rate:.3f}"
        listening = (_listen(ada, answer.data["id"], model, heard) for answer in begun)
        usage = _processor_seconds(stack)
        started = time.perf_counter()
        await asyncio.gather(*listening)
        elapsed = time.perf_counter() - started
        say(f"  the services used {100 * (_processor_seconds(stack) - usage) / elapsed:.0f} % of a core")
    return heard


async def _listen(ada: ApiClient, conversation: str, model: str, heard: Heard) -> None:
    url = f"{ada.url}/api/v1/conversations/{conversation}/completions"
    body = {"content": "Go on", "model": model, "stream": True}
    identity = {"Authorization": f"Bearer {ada.access_token}"}
    is_first = True
    async with (
        aiohttp.ClientSession(timeout=PATIENCE) as session,
        session.post(url, json=body, headers=identity) as answer,
    ):
        last = b""
        async for line in answer.content:
            last = line if line.strip() else last
            if line.startswith(b"data: ") and b'"content"' in line:
                said_at = float(msgspec.json.decode(line[6:])["content"])
                (heard.first if is_first else heard.others).append(time.monotonic() - said_at)
                is_first = False
        if b'"completed"' not in last:
            heard.failed.append(last.decode())


def _processor_seconds(stack: StackProcess) -> float:
    """Of the services, which are one process here."""
    times = Path(f"/proc/{stack.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def _line(name: str, times: list[float]) -> str:
    ordered = sorted(1000 * seconds for seconds in times)
    p99 = ordered[int(len(ordered) * 0.99)]
    return f"  {name:<12} p50 {statistics.median(ordered):6.2f} ms   p99 {p99:6.2f} ms   of {len(ordered)}"


async def _serve_model() -> None:
    async with llm_server() as llm:
        say(llm.url)
        await asyncio.Event().wait()


async def _run(streams: int, rate: int, seconds: float) -> None:
    model = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __spec__.name, "--serve-model", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert model.stdout is not None
        settings = {"RATE_LIMIT_SCALE": "1000", "LLM_BASE_URL": (await model.stdout.readline()).decode().strip()}
        with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
            async with stack_process(EMBEDDED, Path(folder), settings) as stack:
                heard = await measure(stack, streams, rate, seconds)
            remove_data(Path(folder) / "postgres")
    finally:
        model.terminate()
        await model.wait()
    for line in heard.failed:
        say(f"  failed: {line.strip()}")
    say(_line("first word", heard.first))
    say(_line("other words", heard.others))


def main() -> None:
    parser = argparse.ArgumentParser(description="How late are the words of many answers at once?")
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--rate", type=int, default=30, help="words a second of each")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--serve-model", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve_model:
        uvloop.run(_serve_model())
        return
    say(f"{describe_machine()}\n{chosen.streams} answers of {chosen.rate} words/s:")
    uvloop.run(_run(chosen.streams, chosen.rate, chosen.seconds))


if __name__ == "__main__":
    main()
