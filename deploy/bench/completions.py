"""Fifty answers at once, thirty words a second each, through the gateway: how late is a word, and what does it cost?

And how soon does an answer stop? Ten at a time are stopped in the middle of what they say.

python -m deploy.bench.completions [--streams 50] [--rate 30] [--seconds 20] [--stops 200]; the model is a server of
ours in a process of its own, whose words carry the moment when they were sent. Exits with 1 when a goal is missed.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
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
from shared.principal import Tier
from shared.quotas import LIMITS, Quota
from shared.testing.llm_server import llm_server

FIRST_WORD_GOAL = 0.020  # seconds that we may add to the provider's own, in the median of answers not begun at once
STOP_GOAL = 0.200  # seconds until a stop is acknowledged, for 99 of 100
STOPPED_AT_ONCE = 10
ANSWERS_OF_USER = LIMITS[Quota.ANSWERS_OF_USER][Tier.FREE]  # at once; more answers need more accounts
WORDS_BEFORE_STOP = 3
PATIENCE = aiohttp.ClientTimeout(total=None, sock_read=30)


class Heard(NamedTuple):
    """Seconds from the model's word to the client's, of the first word and of the others."""

    first: list[float]
    others: list[float]
    failed: list[str]
    """The last line of each answer that was not written to its end."""


class Stopped(NamedTuple):
    """Seconds: to the first word, from a stop to its acknowledgement, and to the end of the stream."""

    first: list[float]
    acknowledged: list[float]
    ended: list[float]


async def measure(stack: StackProcess, streams: int, rate: int, seconds: float) -> Heard:
    heard = Heard([], [], [])
    async with AsyncExitStack() as exits:
        people = await _people(exits, stack, streams)
        begun = [(ada, await ada.expect(201, "POST", "/conversations", {"title": "Moon"})) for ada in people]
        model = _listened(rate, seconds)
        listening = (_listen(ada, answer.data["id"], model, heard) for ada, answer in begun)
        usage = _processor_seconds(stack)
        started = time.perf_counter()
        await asyncio.gather(*listening)
        elapsed = time.perf_counter() - started
        say(f"  the services used {100 * (_processor_seconds(stack) - usage) / elapsed:.0f} % of a core")
    return heard


async def measure_stops(stack: StackProcess, rate: int, count: int) -> Stopped:
    stopped = Stopped([], [], [])
    model = _stopped(rate)
    async with AsyncExitStack() as exits:
        people = await _people(exits, stack, STOPPED_AT_ONCE)

        async def stop_in_turn(number: int) -> None:
            ada = people[number]
            conversation = (await ada.expect(201, "POST", "/conversations", {"title": str(number)})).data["id"]
            for _ in range(number, count, STOPPED_AT_ONCE):
                await _stop_one(ada, conversation, model, stopped)

        await asyncio.gather(*(stop_in_turn(number) for number in range(min(STOPPED_AT_ONCE, count))))
    return stopped


async def _people(exits: AsyncExitStack, stack: StackProcess, count: int) -> list[ApiClient]:
    """An account for each of so many answers at once: the same one for as many as it may have."""
    people: list[ApiClient] = []
    while len(people) < count:
        ada = await exits.enter_async_context(api_client(stack.url))
        await ada.register()
        people += [ada] * ANSWERS_OF_USER
    return people[:count]


def _listened(rate: int, seconds: float) -> str:
    return f"timed:{int(rate * seconds)}:{1000 / rate:.3f}"


def _stopped(rate: int) -> str:
    return f"timed:{60 * rate}:{1000 / rate:.3f}"


async def _listen(ada: ApiClient, conversation: str, model: str, heard: Heard) -> None:
    is_first = True
    async with _asking(ada, conversation, model) as answer:
        last = b""
        async for line in answer.content:
            last = line if line.strip() else last
            if (delay := _delay(line)) is not None:
                (heard.first if is_first else heard.others).append(delay)
                is_first = False
        if b'"completed"' not in last:
            heard.failed.append(last.decode())


async def _stop_one(ada: ApiClient, conversation: str, model: str, stopped: Stopped) -> None:
    async with _asking(ada, conversation, model) as answer:
        run_id, delays = "", list[float]()
        while len(delays) < WORDS_BEFORE_STOP:
            line = await answer.content.readline()
            if b'"run_id"' in line:
                run_id = msgspec.json.decode(line.removeprefix(b"data: "))["run_id"]
            if (delay := _delay(line)) is not None:
                delays.append(delay)
        begin = time.perf_counter()
        await ada.expect(202, "POST", f"/conversations/{conversation}/runs/{run_id}/stop")
        acknowledged = time.perf_counter() - begin
        rest = await answer.content.read()
        assert b'"stopped"' in rest, rest[-200:]
        stopped.first.append(delays[0])
        stopped.acknowledged.append(acknowledged)
        stopped.ended.append(time.perf_counter() - begin)


@asynccontextmanager
async def _asking(ada: ApiClient, conversation: str, model: str) -> AsyncIterator[aiohttp.ClientResponse]:
    url = f"{ada.url}/api/v1/conversations/{conversation}/completions"
    body = {"content": "Go on", "model": model, "stream": True}
    identity = {"Authorization": f"Bearer {ada.access_token}"}
    async with (
        aiohttp.ClientSession(timeout=PATIENCE) as session,
        session.post(url, json=body, headers=identity) as answer,
    ):
        yield answer


def _delay(line: bytes) -> float | None:
    """Seconds since the model said this word; None for other lines."""
    if not line.startswith(b"data: ") or b'"content"' not in line:
        return None
    return time.monotonic() - float(msgspec.json.decode(line[6:])["content"])


def _processor_seconds(stack: StackProcess) -> float:
    """Of the services, which are one process here."""
    times = Path(f"/proc/{stack.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")


def _line(name: str, times: list[float]) -> str:
    median, p99 = 1000 * statistics.median(times), 1000 * _p99(times)
    return f"  {name:<22} p50 {median:6.2f} ms   p99 {p99:6.2f} ms   of {len(times)}"


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


async def _serve_model(*models: str) -> None:
    async with llm_server(*models) as llm:
        say(llm.url)
        await asyncio.Event().wait()


async def _run(streams: int, rate: int, seconds: float, stops: int) -> bool:
    model = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __spec__.name, "--serve-model", _listened(rate, seconds), _stopped(rate)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert model.stdout is not None
        settings = {"RATE_LIMIT_SCALE": "1000", "LLM_BASE_URL": (await model.stdout.readline()).decode().strip()}
        with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
            async with stack_process(EMBEDDED, Path(folder), settings) as stack:
                heard = await measure(stack, streams, rate, seconds)
                stopped = await measure_stops(stack, rate, stops)
            remove_data(Path(folder) / "postgres")
    finally:
        model.terminate()
        await model.wait()
    for line in heard.failed:
        say(f"  failed: {line.strip()}")
    say(_line("first word", heard.first))
    say(_line("other words", heard.others))
    say(_line(f"first word, {STOPPED_AT_ONCE} at once", stopped.first))
    say(_line("stop acknowledged", stopped.acknowledged))
    say(_line("stopped", stopped.ended))
    is_soon = statistics.median(stopped.first) <= FIRST_WORD_GOAL and _p99(stopped.acknowledged) <= STOP_GOAL
    return is_soon and not heard.failed


def main() -> None:
    parser = argparse.ArgumentParser(description="How late are the words of many answers at once?")
    parser.add_argument("--streams", type=int, default=50)
    parser.add_argument("--rate", type=int, default=30, help="words a second of each")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--stops", type=int, default=200, help="answers that are stopped")
    parser.add_argument("--serve-model", nargs="+", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve_model:
        uvloop.run(_serve_model(*chosen.serve_model))
        return
    say(f"{describe_machine()}\n{chosen.streams} answers of {chosen.rate} words/s:")
    is_good = uvloop.run(_run(chosen.streams, chosen.rate, chosen.seconds, chosen.stops))
    sys.exit(0 if is_good else "words or stops are late")


if __name__ == "__main__":
    main()
