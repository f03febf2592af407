"""How a handler says what becomes of its job, other than by returning. `reason` is kept and shown: no secrets in it."""


class RetryLater(Exception):
    """Try again after `seconds`, or as the kind has it. The attempt counts; after the last one the job is given up."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Postponed(Exception):
    """It could not be tried just now: once more after `seconds`. The attempt does not count."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class GivenUp(Exception):
    """Trying again does not help: the job is set aside."""


class JobLost(Exception):
    """The lease has run out and the job is somebody else's, or it was deleted: this attempt must have no effect."""
