"""How much retention deletes by one statement."""

PORTION_ROWS = 10_000
"""Well within the time of a statement, and no other work waits for long behind its locks."""
