"""Spares callers the wait for a service that does not answer (circuit breaker): they are told at once to come back.

Short and time-based on purpose. An open breaker lets one request through every `PROBE_SECONDS`, whatever became of the
one before, so a service that was restarted is found again at once and no lost probe can keep the breaker open.
"""

import time

from shared.errors import Unavailable

FAILURES = 5
"""In a row: connections that could not be made or broke before the answer, and answers that did not come."""
PROBE_SECONDS = 0.25


class Breaker:
    def __init__(self) -> None:
        self.failures = 0
        """Since the last answer, whatever its status."""
        self._probe_due = 0.0

    @property
    def is_open(self) -> bool:
        return self.failures >= FAILURES

    def check(self) -> None:
        """Raises Unavailable, unless a request may be sent now."""
        if not self.is_open:
            return
        now = time.monotonic()
        if now < self._probe_due:
            raise Unavailable
        self._probe_due = now + PROBE_SECONDS

    def failed(self) -> None:
        self.failures += 1
        if self.failures == FAILURES:
            self._probe_due = time.monotonic() + PROBE_SECONDS

    def answered(self) -> None:
        self.failures = 0
