"""Fifty clients that do the same at the same moment, at two processes of auth-service: who wins, and is it one?

python -m deploy.chaos.races [--rounds 100] [--race refresh ...]; exits with 1 when somebody won twice, or nobody did.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import uvloop

from deploy.chaos.auth_replicas import auth_replicas, counted
from deploy.chaos.race_rules import CROWD, RACES, Race
from deploy.console import say
from deploy.embedded.postgres_home import remove_data
from deploy.machine import describe_machine
from deploy.supervision.errors import ServerError

SHOWN = 5  # violations of one race: the rest will look the same


class Outcome(NamedTuple):
    name: str
    rounds: int
    seconds: float
    answers: Counter[str]
    violations: list[str]

    def lines(self) -> list[str]:
        told = ", ".join(f"{number} x {answer}" for answer, number in self.answers.most_common())
        verdict = f"{len(self.violations)} violations" if self.violations else "clean"
        rate = self.answers.total() / self.seconds
        return [
            f"  {self.name:<34} {self.rounds:>5} rounds  {self.seconds:6.1f} s  {rate:5.0f} answers/s  {verdict}",
            f"      {told}",
            *(f"      ! {each}" for each in self.violations[:SHOWN]),
        ]


class Verdict(NamedTuple):
    outcomes: list[Outcome]
    busy: int
    deadlocks: int

    @property
    def is_clean(self) -> bool:
        return not self.deadlocks and not any(each.violations for each in self.outcomes)


async def race(rules: Race, rounds: int) -> Outcome:
    answers: Counter[str] = Counter()
    violations: list[str] = []
    await rules.prepare()
    begin = time.monotonic()
    for number in range(rounds):
        given, wrong = await rules.round()
        answers.update(counted(given))
        violations += [f"round {number}: {each}" for each in wrong]
    return Outcome(rules.name, rounds, time.monotonic() - begin, answers, violations)


async def run(folder: Path, rounds: int, names: Sequence[str] = tuple(RACES)) -> Verdict:
    """One race after the other; each outcome is said as soon as it is known."""
    outcomes: list[Outcome] = []
    async with auth_replicas(folder) as replicas:
        for name in names:
            outcomes.append(await race(RACES[name](replicas), rounds))
            say("\n".join(outcomes[-1].lines()))
    return Verdict(outcomes, replicas.busy, replicas.deadlocks)


def main() -> None:
    parser = argparse.ArgumentParser(description="Race clients against each other at two processes of auth-service.")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--race", choices=list(RACES), nargs="+", default=list(RACES))
    chosen = parser.parse_args()
    say(f"{describe_machine()}\n{CROWD} clients at two processes of auth-service, {chosen.rounds} rounds a race:")
    with tempfile.TemporaryDirectory(prefix="tessera-races-") as folder:
        try:
            verdict = uvloop.run(run(Path(folder), chosen.rounds, chosen.race))
        except ServerError as error:
            sys.exit(str(error))
        remove_data(Path(folder) / "postgres")
    say(f"  deadlocks: {verdict.deadlocks}; answers 503, after which the client tried again: {verdict.busy}")
    sys.exit(0 if verdict.is_clean else "somebody won twice, or nobody did")


if __name__ == "__main__":
    main()
