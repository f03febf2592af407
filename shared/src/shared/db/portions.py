"""What retention deletes in one transaction, and how much."""

from typing import NamedTuple

PORTION_ROWS = 10_000
"""Well within the time of a statement, and no other work waits for long behind its locks."""


class Portion(NamedTuple):
    """What one transaction has deleted."""

    deleted: int
    is_last: bool
