"""A few households, lived with their secrets and without; `python -m deploy.bench.gift_secrecy` lives thousands."""

from deploy.bench.gift_secrecy import look_for_a_difference
from shared.testing.postgres import FreshDatabase

CASES = 12


def test_nothing_that_a_person_sees_tells_what_is_kept_from_them(fresh_database: FreshDatabase) -> None:
    assert look_for_a_difference(fresh_database("project"), CASES, seeded=True) >= CASES
