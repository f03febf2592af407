"""A few rounds of every race, between two real processes of auth-service."""

from pathlib import Path

from deploy.chaos.race_rules import CROWD, RACES
from deploy.chaos.races import run

ROUNDS = 3


async def test_of_fifty_who_do_the_same_at_once_one_wins(folder: Path) -> None:
    verdict = await run(folder, ROUNDS)

    assert [outcome.violations for outcome in verdict.outcomes] == [[]] * len(RACES)
    assert {outcome.answers.total() for outcome in verdict.outcomes} == {ROUNDS * CROWD}
    assert verdict.deadlocks == 0
