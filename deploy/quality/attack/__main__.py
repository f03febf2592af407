"""One free account against the whole product: what each attack costs in memory, stalls and other users' time.

python -m deploy.quality.attack [NAME ...]

Starts an embedded stack of its own, runs the attacks of the corpus one after the other and prints a line for each.
Exits with 1 when one of them does more than it may.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import uvloop

from deploy.api_client import ApiClient
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.quality.attack.corpus import CORPUS
from deploy.quality.attack.observation import Observation, memory_of, observe, stored_by
from deploy.quality.attack.pages import hostile_pages
from deploy.stack_process import EMBEDDED, StackProcess, stack_process
from shared.testing.http_session import http_session

QUIET_SECONDS = 5.0
SETTLE_SECONDS = 2.0  # between two attacks: what one leaves behind is not counted as the next one's
MAX_MEMORY_MIB = 64.0
MAX_STALL_SECONDS = 0.1
MAX_SLOWER = 3.0
ATTACK_SECONDS = 180.0
USUAL_FILES = 1024  # that a process may have open where nobody has said otherwise: the stack has to raise it itself
_WIDE = ",".join(
    f"{name}=1000000"
    for name in ("user-minute", "user-hour", "user-day", "tenant-minute", "tenant-hour", "tenant-day", "address-minute")
)
"""Of RATE_LIMITS: what is tried here are the walls behind those of the gateway."""


class Result(NamedTuple):
    name: str
    seen: Observation
    memory: float
    """MiB above what the stack had before."""
    stored: float
    """MiB by which databases and files have grown."""
    slower: float
    """p99 of the other user's answers, as a multiple of the quiet one."""
    answers: dict[str, int]
    wrong: list[str]
    """Kinds of answers that should not have come."""

    @property
    def is_good(self) -> bool:
        return not self.wrong and not self.seen.refused and self._is_bounded

    @property
    def _is_bounded(self) -> bool:
        return (
            self.memory <= MAX_MEMORY_MIB and self.seen.longest_stall <= MAX_STALL_SECONDS and self.slower <= MAX_SLOWER
        )

    def line(self) -> str:
        answers = ", ".join(f"{count} x {kind}" for kind, count in self.answers.items())
        if self.seen.refused:
            answers += f"; {self.seen.refused} requests of others failed"
        figures = _figures(self.memory, self.stored, self.seen.longest_stall)
        return f"{' ' if self.is_good else '!'} {self.name:<22}{figures}{self.slower:>9.1f} x   {answers}"


def _figures(memory: float, stored: float, stall: float) -> str:
    return f"{memory:>8.0f} MiB{stored:>8.0f} MiB{stall * 1000:>9.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description="Attacks on memory, time and rows, and what others notice of them.")
    parser.add_argument("names", nargs="*", choices=[*CORPUS, []], help="of attacks; all when none is named")
    chosen = parser.parse_args()
    results = uvloop.run(_run(chosen.names or list(CORPUS)))
    failed = [result.name for result in results if not result.is_good]
    if failed:
        sys.exit(f"beyond the limits: {', '.join(failed)}")


async def _run(names: list[str]) -> list[Result]:
    say(describe_machine())
    say(f"  {'attack':<22}{'memory':>12}{'stored':>12}{'stall':>12}{'others p99':>12}   answers")
    with tempfile.TemporaryDirectory(prefix="tessera-attack-") as folder:
        home = Path(folder)
        try:
            async with hostile_pages() as port:
                settings = {"RATE_LIMITS": _WIDE, "OUTBOUND_ALLOW": f"127.0.0.1:{port}"}
                most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
                resource.setrlimit(resource.RLIMIT_NOFILE, (USUAL_FILES, most))
                async with stack_process(EMBEDDED, home, settings) as stack:
                    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
                    return await _attack_all(stack, names, f"http://127.0.0.1:{port}")
        finally:
            remove_data(home / "postgres")


async def _attack_all(stack: StackProcess, names: list[str], pages: str) -> list[Result]:
    async with http_session() as session:
        bystander = await ApiClient(session, stack.url).register("Grace")
        async with observe(stack, bystander, session) as quiet:
            await asyncio.sleep(QUIET_SECONDS)
        figures = _figures(memory_of(stack), stored_by(stack), quiet.longest_stall)
        say(f"  {'(none)':<22}{figures}{quiet.p99 * 1000:>8.1f} ms")
        results = []
        for name in names:
            before, stored = memory_of(stack), stored_by(stack)
            async with observe(stack, bystander, session) as seen:
                answers = await _attack(name, stack.url, pages)
            wrong = sorted(answers.keys() - CORPUS[name].right)
            grown = stored_by(stack) - stored
            result = Result(name, seen, seen.memory_peak - before, grown, seen.p99 / quiet.p99, answers, wrong)
            say(result.line())
            results.append(result)
            await asyncio.sleep(SETTLE_SECONDS)
        return results


async def _attack(name: str, url: str, pages: str) -> dict[str, int]:
    """In a process of its own: making the bytes is not to slow the observers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.quality.attack.corpus", name, url, pages, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(ATTACK_SECONDS):
            output, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return {"no end": 1}
    answers: dict[str, int] = json.loads(output or b'{"attack failed": 1}')
    return answers


if __name__ == "__main__":
    main()
